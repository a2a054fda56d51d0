package io.sparkfocal.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveContract;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.Ranks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What is asked of NCCL through the real binding, over any libnccl; in memory that both the device
 * and the host reach.
 */
abstract class NcclContract extends CollectiveContract {

  private final List<Collective> open = new ArrayList<>();
  private final List<Pointer> allocated = new ArrayList<>();

  /** The GPU of a rank. */
  protected abstract int gpu(int rank);

  @AfterEach
  void closeAll() {
    open.forEach(Collective::close);
    synchronized (allocated) {
      allocated.forEach(cudart::cudaFree);
    }
  }

  @Override
  protected ByteBuffer allocate(int bytes) {
    Pointer memory = new Pointer();
    int result = cudart.cudaMallocManaged(memory, Math.max(bytes, 1), cudart.cudaMemAttachGlobal);
    assertThat(result).isEqualTo(cudart.cudaSuccess);
    synchronized (allocated) {
      allocated.add(memory);
    }
    ByteBuffer buffer = new BytePointer(memory).capacity(Math.max(bytes, 1)).asBuffer();
    return buffer.limit(bytes).slice();
  }

  private NcclCollective join(Collective control, Duration timeout) {
    int gpu = gpu(control.rank());
    String name = "Rank %d of %d, GPU %d".formatted(control.rank(), control.world(), gpu);
    return NcclCollective.join(control, name, gpu, timeout);
  }

  /** Tests read what an operation wrote, so each is waited for. */
  private record Waiting(NcclCollective nccl, Collective control) implements Collective {
    @Override
    public int rank() {
      return nccl.rank();
    }

    @Override
    public int world() {
      return nccl.world();
    }

    @Override
    public void allReduce(ByteBuffer values, Precision precision) {
      nccl.allReduce(values);
      nccl.finish();
    }

    @Override
    public void broadcast(ByteBuffer bytes, int root) {
      nccl.broadcast(bytes, root);
      nccl.finish();
    }

    @Override
    public void barrier() {
      nccl.barrier();
    }

    @Override
    public String failure() {
      return nccl.failure();
    }

    @Override
    public boolean isAborted() {
      return nccl.isAborted();
    }

    @Override
    public void abort(String reason) {
      nccl.abort(reason);
    }

    @Override
    public void close() {
      nccl.close();
      control.close();
    }
  }

  @Override
  protected List<Collective> group(int world, Duration timeout) throws Exception {
    LocalGroup control = LocalGroup.of(world, timeout);
    List<Collective> controls = IntStream.range(0, world).mapToObj(control::member).toList();
    List<Collective> group = Ranks.run(controls, c -> new Waiting(join(c, timeout), c));
    open.addAll(group);
    return group;
  }

  /** NCCL does not look whether ranks call the same: they hang until the time is over. */
  @Override
  protected String mismatch() {
    return "waited 2000 ms for the others";
  }

  @Override
  protected Duration mismatchTimeout() {
    return Duration.ofSeconds(2);
  }

  static NcclCollective nccl(Collective collective) {
    return ((Waiting) collective).nccl();
  }

  @Test
  void abortEndsAnOperationThatWaitsForOthers() throws Exception {
    List<Collective> group = group(3, Duration.ofSeconds(60));
    CountDownLatch launched = new CountDownLatch(2);
    List<Throwable> failures =
        Ranks.failures(
            group,
            c -> {
              if (c.rank() == 0) {
                launched.await();
                c.abort("rank 0 was preempted");
              } else {
                nccl(c).allReduce(direct(new float[100]));
                launched.countDown();
                nccl(c).finish();
              }
              return null;
            });
    assertThat(failures.subList(1, 3))
        .allSatisfy(f -> assertThat(f).hasMessage("rank 0 was preempted"));
    assertThatThrownBy(() -> group.get(0).allReduce(direct(new float[1])))
        .hasMessage("rank 0 was preempted");
  }

  @Test
  void noWatchdogIsLeftAfterClose() throws Exception {
    List<Collective> group = group(2, Duration.ofSeconds(20));
    assertThat(watchdogs()).isGreaterThanOrEqualTo(2);
    group.forEach(Collective::close);
    Awaitility.await().untilAsserted(() -> assertThat(watchdogs()).isZero());
  }

  private static long watchdogs() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("focal-nccl-watchdog"))
        .count();
  }
}
