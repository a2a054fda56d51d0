package io.sparkfocal.compat;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Test;

class DeviceBufferTest {

  @Test
  void whatLiesInOneStretchIsShared() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray tensor = manager.arange(6f).reshape(2, 3);

      assertThat(DeviceBuffer.isShareable(tensor)).isTrue();
      assertThat(DeviceBuffer.of(tensor).asFloatBuffer().get(5)).isEqualTo(5);
      assertThat(DeviceBuffer.isShareable(tensor.transpose())).isFalse();
    }
  }

  @Test
  void twoGibibytesAreTooManyForABuffer() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      // Nothing touches its memory, so none is taken.
      NDArray tensor = manager.create(new Shape(1L << 29));

      assertThat(DeviceBuffer.isShareable(tensor)).isFalse();
      tensor.get("0:1").addi(-tensor.getFloat(0) + 7);
      assertThat(DeviceBuffer.beginning(tensor).asFloatBuffer().get(0)).isEqualTo(7);
    }
  }
}
