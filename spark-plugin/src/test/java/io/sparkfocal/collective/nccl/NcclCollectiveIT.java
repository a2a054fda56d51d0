package io.sparkfocal.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.testing.CudaStandIn;
import io.sparkfocal.testing.Ranks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclConfig_t;
import org.bytedeco.cuda.nccl.ncclUniqueId;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

/** Over stand-ins whose device memory is the host's. */
@Timeout(180)
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class NcclCollectiveIT extends NcclContract {

  private static final int HANG = 0x7fc0dead;
  private static final int FAIL = 0x7fc0beef;
  private static final int BREAK = 0x7fc0c0de;
  private static final int STUCK = 0x7fc0f111;

  @Override
  protected int gpu(int rank) {
    return rank % 8;
  }

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folder().toString());
  }

  private ByteBuffer first(int bits) {
    ByteBuffer buffer = direct(new float[100]);
    buffer.putInt(0, bits);
    return buffer;
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
                    .hasMessageContaining("Rank 2 of 3, GPU 2, allReduce: ")
                    .hasMessageContaining("failed: unhandled system error (2)"));
  }

  private static void assertNoSum(ByteBuffer buffer, float sum) {
    for (int at = 0; at < buffer.limit(); at += Float.BYTES) {
      assertThat(buffer.getFloat(at)).isFinite().isNotEqualTo(sum);
    }
  }

  @Test
  void whatAnAbortLeavesCouldBeASumAndOnlyTheQuestionTellsThatItIsNone() throws Exception {
    List<Collective> group = group(2, Duration.ofSeconds(1));
    ByteBuffer[] buffers = {direct(new float[] {3, 3, 3}), first(HANG)};
    for (Collective rank : group) {
      nccl(rank).allReduce(buffers[rank.rank()]);
    }
    Awaitility.await().until(() -> nccl(group.get(0)).failure() != null);
    assertNoSum(buffers[0], 3);
    assertThatThrownBy(() -> nccl(group.get(0)).finish())
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("waited 1000 ms for the others in allReduce");
  }

  /** The abort of a rank reaches the GPUs of others before its word does. */
  @Test
  void aPeersAbortEndsAnOperationLikeOneThatWentWellAndOnlyTheBarrierTells() throws Exception {
    LocalGroup group = LocalGroup.of(2, Duration.ofSeconds(60));
    List<NcclCollective> ranks =
        join(
            new Hearing(group.member(0), () -> null),
            Duration.ofSeconds(60),
            group.member(1),
            Duration.ofSeconds(1));
    ByteBuffer sum = direct(new float[] {3, 3, 3});
    ranks.get(0).allReduce(sum);
    ranks.get(1).allReduce(first(HANG));
    ranks.get(0).finish();
    assertNoSum(sum, 3);
    assertThatThrownBy(() -> ranks.get(0).barrier())
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("Rank 1 of 2, waited 1000 ms for the others in allReduce");
    ranks.forEach(Collective::close);
  }

  @Test
  void aLaunchThatIsStuckEndsWhenAPeerIsKnownToBeGone() throws Exception {
    LocalGroup group = LocalGroup.of(2, Duration.ofSeconds(60));
    AtomicReference<String> lost = new AtomicReference<>();
    Duration timeout = Duration.ofSeconds(20);
    List<NcclCollective> ranks =
        join(new Hearing(group.member(0), lost::get), timeout, group.member(1), timeout);
    lost.set("Rank 1 of 2 (host:7) is gone.");
    assertThatThrownBy(() -> ranks.get(0).allReduce(first(STUCK)))
        .isInstanceOf(CollectiveException.class)
        .hasMessage("Rank 1 of 2 (host:7) is gone.");
    ranks.forEach(Collective::close);
  }

  @Test
  void theWatchdogLooksWhileALaunchIsStuck() throws Exception {
    List<Collective> group = group(2, Duration.ofSeconds(30));
    List<Throwable> failures =
        Ranks.failures(
            group,
            c -> {
              if (c.rank() == 0) {
                nccl(c).allReduce(first(0));
                nccl(c).allReduce(first(STUCK));
              } else {
                nccl(c).allReduce(first(FAIL));
                nccl(c).finish();
              }
              return null;
            });
    assertThat(failures)
        .allSatisfy(
            f ->
                assertThat(f)
                    .isInstanceOf(CollectiveException.class)
                    .hasMessageContaining("Rank 1 of 2, GPU 1, allReduce: "));
  }

  @Test
  void aGpuThatAnErrorHasBrokenLetsItsCommunicatorGo() throws Exception {
    int before = CudaStandIn.Counter.COMMUNICATORS.now();
    List<Collective> group = group(2, Duration.ofSeconds(60));
    try {
      nccl(group.get(1)).allReduce(first(0));
      nccl(group.get(1)).allReduce(first(BREAK));
      nccl(group.get(0)).allReduce(first(0));
      for (Collective rank : group) {
        Awaitility.await().until(() -> nccl(rank).failure() != null);
        assertThatThrownBy(() -> nccl(rank).finish())
            .isInstanceOf(CollectiveException.class)
            .hasMessage(
                "Rank 1 of 2, GPU 1, allReduce: cudaSetDevice on GPU 1 failed: stand-in error (700).");
      }
      Awaitility.await()
          .untilAsserted(
              () -> assertThat(CudaStandIn.Counter.COMMUNICATORS.now()).isEqualTo(before));
    } finally {
      cudart.cudaSetDevice(1);
      cudart.cudaDeviceReset();
    }
  }

  @Test
  void aRankThatLeavesBeforeItsOperationsAreDoneSaysSo() throws Exception {
    List<Collective> group = group(2, Duration.ofSeconds(60));
    nccl(group.get(0)).allReduce(first(0));
    nccl(group.get(0)).close();
    assertThatThrownBy(() -> nccl(group.get(1)).barrier())
        .hasMessage("Rank 0 of 2, GPU 0, allReduce: this rank left before it was done.");
  }

  /** The binding may have fields of later versions than those that are set. */
  @Test
  void theConfigNamesTheVersionWhoseFieldsAreSet() {
    try (BytePointer memory = new BytePointer(256);
        ncclUniqueId id = new ncclUniqueId()) {
      Pointer.memset(memory, 0, 256);
      ncclConfig_t config = Communicator.nonBlocking(new ncclConfig_t(memory)).size(256);
      assertThat(config.version()).isEqualTo(22_703);
      assertThat(nccl.ncclGetUniqueId(id)).isZero();
      ncclComm comm = new ncclComm();
      cudart.cudaSetDevice(0);
      assertThat(nccl.ncclCommInitRankConfig(comm, 1, id, 0, config))
          .isEqualTo(nccl.ncclInProgress);
      nccl.ncclCommAbort(comm);
      for (int later : new int[] {22_803, 22_903}) {
        assertThat(nccl.ncclCommInitRankConfig(comm, 1, id, 0, config.version(later)))
            .isEqualTo(nccl.ncclInvalidArgument);
      }
      assertThat(nccl.ncclCommInitRankConfig(comm, 1, id, 0, config.version(22_703).nvlsCTAs(0)))
          .isEqualTo(nccl.ncclInvalidArgument);
    }
  }

  private static List<NcclCollective> join(
      Collective first, Duration firstTimeout, Collective second, Duration secondTimeout) {
    return Ranks.run(
        List.of(first, second),
        c ->
            NcclCollective.join(
                c,
                "Rank %d of 2".formatted(c.rank()),
                c.rank(),
                c.rank() == 0 ? firstTimeout : secondTimeout));
  }

  /** A control collective that hears of other ranks what it is told here, but in its operations. */
  private record Hearing(Collective control, Supplier<@Nullable String> heard)
      implements Collective {

    @Override
    public int rank() {
      return control.rank();
    }

    @Override
    public int world() {
      return control.world();
    }

    @Override
    public void allReduce(ByteBuffer values, Precision precision) {
      control.allReduce(values, precision);
    }

    @Override
    public void broadcast(ByteBuffer bytes, int root) {
      control.broadcast(bytes, root);
    }

    @Override
    public void barrier() {
      control.barrier();
    }

    @Override
    public @Nullable String failure() {
      return heard.get();
    }

    @Override
    public boolean isAborted() {
      return false;
    }

    @Override
    public void abort(String reason) {
      control.abort(reason);
    }

    @Override
    public void close() {
      control.close();
    }
  }

  @Test
  void aRankThatDoesNotJoinIsWaitedForUntilTheTimeout() {
    LocalGroup control = LocalGroup.of(2, Duration.ofMillis(800));
    assertThatThrownBy(
            () -> NcclCollective.join(control.member(0), "Rank 0 of 2", 0, Duration.ofMillis(800)))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("waited 800 ms for rank 1");
  }

  @Test
  void aGpuIsKnownByItsUuid() {
    assertThat(GpuInfo.of(1))
        .isEqualTo(new GpuInfo("Stand-in 1", "GPU-10111213-1415-1617-1819-1a1b1c1d1e1f", 1L << 30));
    assertThatThrownBy(() -> GpuInfo.of(8))
        .hasMessageContaining("There is no GPU 8 in this process");
    assertThat(cudart.cudaGetLastError()).as("what PyTorch would find").isZero();
  }
}
