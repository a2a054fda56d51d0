package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import java.time.Duration;
import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On the GPUs of this machine, one per rank; groups of more ranks are skipped. */
@Tag("gpu")
@Timeout(180)
class GpuNcclCollectiveIT extends NcclContract {

  @Override
  protected int gpu(int rank) {
    return rank;
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
        world <= gpus(), () -> world + " ranks need as many GPUs, here are " + gpus());
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
