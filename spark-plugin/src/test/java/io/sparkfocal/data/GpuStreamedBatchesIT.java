package io.sparkfocal.data;

import ai.djl.Device;
import org.junit.jupiter.api.Tag;

/** On the first GPU of this machine. */
@Tag("gpu")
class GpuStreamedBatchesIT extends StreamedBatchesContract {

  @Override
  protected Device device() {
    return Device.gpu(0);
  }
}
