package io.sparkfocal.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveContract;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.NcclStandIn;
import io.sparkfocal.testing.Ranks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

/** Through the real binding, over stand-ins whose device memory is the host's. */
@Timeout(180)
@EnabledIf("io.sparkfocal.testing.NcclStandIn#isAvailable")
class NcclCollectiveIT extends CollectiveContract {

  private static final int HANG = 0x7fc0dead;
  private static final int FAIL = 0x7fc0beef;

  private final List<Collective> open = new ArrayList<>();

  @BeforeAll
  static void useStandIn() throws Exception {
    NcclLibraries.lookFirstIn(NcclStandIn.folder().toString());
  }

  @AfterEach
  void closeAll() {
    open.forEach(Collective::close);
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
    public void allReduce(ByteBuffer values) {
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
  protected List<Collective> group(int world, Duration timeout) {
    LocalGroup control = LocalGroup.of(world, timeout);
    List<Collective> controls = IntStream.range(0, world).mapToObj(control::member).toList();
    List<Collective> group =
        Ranks.run(controls, c -> new Waiting(NcclCollective.join(c, c.rank() % 8, timeout), c));
    open.addAll(group);
    return group;
  }

  @Override
  protected String mismatch() {
    return "failed: invalid usage (5)";
  }

  private static NcclCollective nccl(Collective collective) {
    return ((Waiting) collective).nccl();
  }

  private static ByteBuffer first(int bits) {
    ByteBuffer buffer = direct(new float[100]);
    buffer.putInt(0, bits);
    return buffer;
  }

  @Test
  void halvesAreSummed() throws Exception {
    List<Collective> group = group(3, Duration.ofSeconds(20));
    // 1.0, 0.5 and -2.0 in binary16; times three 3.0, 1.5 and -6.0.
    short[] halves = {0x3C00, 0x3800, (short) 0xC000};
    List<short[]> sums =
        Ranks.run(
            group,
            c -> {
              ByteBuffer buffer = ByteBuffer.allocateDirect(6).order(ByteOrder.nativeOrder());
              buffer.asShortBuffer().put(halves);
              nccl(c).allReduceHalf(buffer);
              nccl(c).finish();
              short[] sum = new short[3];
              buffer.asShortBuffer().get(sum);
              return sum;
            });
    assertThat(sums)
        .allSatisfy(
            sum -> assertThat(sum).containsExactly(new short[] {0x4200, 0x3E00, (short) 0xC600}));
  }

  @Test
  void groupedBuffersAreSummedInOneLaunch() throws Exception {
    List<Collective> group = group(2, Duration.ofSeconds(20));
    List<float[]> sums =
        Ranks.run(
            group,
            c -> {
              ByteBuffer one = direct(new float[] {1, 2});
              ByteBuffer none = direct(new float[0]);
              ByteBuffer two = direct(new float[] {3});
              nccl(c).allReduce(List.of(one, none, two));
              nccl(c).finish();
              return new float[] {one.getFloat(0), one.getFloat(4), two.getFloat(0)};
            });
    assertThat(sums).allSatisfy(sum -> assertThat(sum).containsExactly(2, 4, 6));
  }

  @Test
  void anOperationReturnsBeforeItIsDone() throws Exception {
    List<Collective> group = group(2, Duration.ofSeconds(20));
    ByteBuffer buffer = direct(new float[] {1});
    nccl(group.get(0)).allReduce(buffer);
    assertThat(buffer.getFloat(0)).isEqualTo(1);
    nccl(group.get(1)).allReduce(direct(new float[] {2}));
    nccl(group.get(0)).finish();
    assertThat(buffer.getFloat(0)).isEqualTo(3);
  }

  @Test
  void aRankThatHangsIsLeftAfterTheTimeoutByAll() throws Exception {
    List<Collective> group = group(3, Duration.ofMillis(1500));
    long start = System.nanoTime();
    List<Throwable> failures =
        Ranks.failures(
            group,
            c -> {
              c.allReduce(c.rank() == 1 ? first(HANG) : direct(new float[100]));
              return null;
            });
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
    assertThat(failures)
        .allSatisfy(
            f ->
                assertThat(f)
                    .isInstanceOf(CollectiveException.class)
                    .hasMessageContaining("waited 1500 ms for the others in allReduce")
                    .hasMessageContaining("spark.focal.collective.timeout"));
  }

  @Test
  void anErrorOfOneRankEndsTheOperationOnAllWithItsCause() throws Exception {
    List<Collective> group = group(3, Duration.ofSeconds(60));
    long start = System.nanoTime();
    List<Throwable> failures =
        Ranks.failures(
            group,
            c -> {
              c.allReduce(c.rank() == 2 ? first(FAIL) : direct(new float[100]));
              return null;
            });
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
    assertThat(failures)
        .allSatisfy(
            f ->
                assertThat(f)
                    .hasMessageContaining("Rank 2 of 3, allReduce: ")
                    .hasMessageContaining("failed: unhandled system error (2)"));
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
  void aRankThatDoesNotJoinIsWaitedForUntilTheTimeout() {
    LocalGroup control = LocalGroup.of(2, Duration.ofMillis(800));
    assertThatThrownBy(() -> NcclCollective.join(control.member(0), 0, Duration.ofMillis(800)))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("waited 800 ms for rank 1");
  }

  @Test
  void aGpuIsKnownByItsUuid() {
    assertThat(GpuInfo.of(1))
        .isEqualTo(new GpuInfo("Stand-in 1", "GPU-10111213-1415-1617-1819-1a1b1c1d1e1f", 1L << 30));
    assertThatThrownBy(() -> GpuInfo.of(8))
        .hasMessageContaining("There is no GPU 8 in this process");
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

  @Test
  void librariesThatAreMissingAreToldWithTheFoldersThatWereLookedIn() {
    assertThat(NcclLibraries.find(List.of(Path.of("/nowhere"))))
        .containsEntry("libnccl.so.2", null);
    assertThat(
            NcclLibraries.folders(
                "/a:/b", Map.of("LD_LIBRARY_PATH", "/c", "VIRTUAL_ENV", "/nowhere")))
        .startsWith(Path.of("/a"), Path.of("/b"), Path.of("/c"));
    assertThat(NcclLibraries.require().keySet())
        .isEqualTo(
            new LinkedHashSet<>(Arrays.asList("libcuda.so.1", "libcudart.so.12", "libnccl.so.2")));
  }
}
