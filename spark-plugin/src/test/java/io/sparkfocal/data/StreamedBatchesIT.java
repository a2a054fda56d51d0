package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.cuda.Gpu;
import io.sparkfocal.testing.CudaStandIn;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** Over a stand-in of CUDA that copies as late as it may. */
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class StreamedBatchesIT extends StreamedBatchesContract {

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folders());
  }

  @Override
  protected Device device() {
    return Device.cpu();
  }

  @Test
  void freeMemoryIsThatOfTheDevice() {
    assertThat(Gpu.of(0).freeMemory()).isEqualTo(1L << 29);
  }
}
