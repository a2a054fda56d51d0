package io.sparkfocal.train;

import ai.djl.Device;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.testing.CudaStandIn;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * The kernels themselves, compiled for the host, launched through the bindings of CUDA and NVRTC
 * over stand-ins for both.
 */
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class FusedKernelsIT extends FusedKernelsContract {

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folders());
  }

  @Override
  protected Device device() {
    return Device.cpu();
  }
}
