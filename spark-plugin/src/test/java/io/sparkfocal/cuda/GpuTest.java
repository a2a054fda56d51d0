package io.sparkfocal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.plugin.NativeEngine;
import io.sparkfocal.testing.CudaStandIn;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class GpuTest {

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folder().toString());
  }

  @Test
  void anErrorIsToldAndNotLeftToPytorch() {
    assertThatThrownBy(() -> Gpu.of(1000).freeMemory())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("cudaSetDevice on GPU 1000 failed: stand-in error (101).");
    assertThat(cudart.cudaGetLastError()).isZero();
  }

  @Test
  void pytorchForCpusUsesNoneOfTheGpusThatThereAre() {
    NativeEngine.require(1);
    int[] count = new int[1];
    CudaLibraries.CUDA.require();
    assertThat(cudart.cudaGetDeviceCount(count)).isZero();
    assertThat(count[0]).isEqualTo(8);
    assertThat(Gpu.count()).isZero();
  }

  @Test
  void memoryOfPytorchsDoesNotCountAsJavaCpps() {
    CudaLibraries.CUDA.require();
    assertThat(Pointer.maxPhysicalBytes()).isZero();
  }
}
