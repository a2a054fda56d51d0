package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossContract;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.SigmoidFocalLoss;
import io.sparkfocal.testing.CudaStandIn;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernels themselves, compiled for the host, launched through the bindings of CUDA and NVRTC
 * over stand-ins for both.
 */
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class FusedKernelsIT extends FusedKernelsContract {

  private static final int CLASSES = 3;

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folders());
  }

  @Override
  protected Device device() {
    return Device.cpu();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void logitsLabelsAndWeightsAreOnlyRead(boolean sigmoid) {
    ClassificationLoss loss =
        sigmoid ? SigmoidFocalLoss.builder().build() : FocalLoss.builder().build();
    ClassificationLoss fused =
        new ClassificationLoss() {
          @Override
          public LossKernel prepare(NDManager manager, DataType dataType) {
            return dataType == DataType.FLOAT32
                ? fused(loss, CLASSES, dataType, manager)
                : loss.prepare(manager, dataType);
          }

          @Override
          public boolean isSigmoid() {
            return sigmoid;
          }
        };
    assertThat(LossContract.verify(fused, CLASSES).findings())
        .filteredOn(finding -> finding.check().equals("inputs kept"))
        .singleElement()
        .hasToString("ok    inputs kept");
  }
}
