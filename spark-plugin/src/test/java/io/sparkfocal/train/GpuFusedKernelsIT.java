package io.sparkfocal.train;

import ai.djl.Device;
import org.junit.jupiter.api.Tag;

/** On the first GPU of this machine. */
@Tag("gpu")
class GpuFusedKernelsIT extends FusedKernelsContract {

  @Override
  protected Device device() {
    return Device.gpu(0);
  }
}
