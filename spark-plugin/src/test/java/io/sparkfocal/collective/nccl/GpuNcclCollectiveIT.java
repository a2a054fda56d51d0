package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import java.time.Duration;
import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/** On the GPUs of this machine, one per rank; groups of more ranks are skipped. */
@Tag("gpu")
@Timeout(180)
class GpuNcclCollectiveIT extends NcclContract {

  @Override
  protected int gpu(int rank) {
    return rank;
  }

  @Override
  protected List<Collective> group(int world, Duration timeout) throws Exception {
    NcclLibraries.require();
    int[] gpus = new int[1];
    cudart.cudaGetDeviceCount(gpus);
    Assumptions.assumeTrue(
        world <= gpus[0], () -> world + " ranks need as many GPUs, here are " + gpus[0]);
    return super.group(world, timeout);
  }
}
