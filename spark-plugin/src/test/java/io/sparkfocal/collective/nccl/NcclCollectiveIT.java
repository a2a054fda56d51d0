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
import org.bytedeco.cuda.global.cudart;
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
