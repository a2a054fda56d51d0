package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import java.time.Duration;
import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * On the GPUs of this machine, one per rank; groups of more ranks are skipped, unless NCCL 2.30 or
 * newer is told to take several ranks on one GPU.
 */
@Tag("gpu")
@Timeout(180)
class GpuNcclCollectiveIT extends NcclContract {

  private static final boolean SEVERAL_RANKS_PER_GPU =
      "1".equals(System.getenv("NCCL_MULTI_RANK_GPU_ENABLE"));

  @Override
  protected int gpu(int rank) {
    return rank % gpus();
  }

  private static int gpus() {
    int[] gpus = new int[1];
    cudart.cudaGetDeviceCount(gpus);
    return gpus[0];
  }

  @Override
  protected List<Collective> group(int world, Duration timeout) throws Exception {
    NcclLibraries.require();
    Assumptions.assumeTrue(
        SEVERAL_RANKS_PER_GPU || world <= gpus(),
        () -> world + " ranks need as many GPUs, here are " + gpus());
    return super.group(world, timeout);
  }

  /** NCCL does not compare what ranks ask for; what comes of it is undefined. */
  @Override
  @Test
  protected void differentSizesFailOnEveryRank() {
    Assumptions.abort("NCCL takes sizes on trust");
  }

  /** As above. */
  @Override
  @Test
  protected void differentOperationsFailOnEveryRank() {
    Assumptions.abort("NCCL takes operations on trust");
  }
}
