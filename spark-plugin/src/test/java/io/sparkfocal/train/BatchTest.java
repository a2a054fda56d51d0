package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Test;

class BatchTest {

  @Test
  void whereMemorySufficesForSomeTensorsOnlyNoneStays() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      assertThatThrownBy(
              () ->
                  Batch.all(
                      () -> manager.zeros(new Shape(2, 3)),
                      () -> manager.zeros(new Shape(2)),
                      () -> {
                        throw new EngineException("CUDA out of memory.");
                      }))
          .hasMessage("CUDA out of memory.");
      assertThat(manager.getManagedArrays()).isEmpty();
    }
  }
}
