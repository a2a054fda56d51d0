package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.Autograd;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackwardTapeTest {

  /**
   * A layer that another one's output replaces, as an auxiliary head does that only training asks.
   */
  @Test
  void aCutWhoseOutputNobodyUsesPassesOnAGradientOfZero() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray leaf = manager.create(new float[] {1, 2, 3});
      leaf.setRequiresGradient(true);
      BackwardTape tape = new BackwardTape();
      List<float[]> given = new ArrayList<>();
      NDArray logits =
          Autograd.recorded(
              () -> {
                tape.cut(
                    leaf.mul(5),
                    input ->
                        new BackwardTape.Piece(
                            input.mul(2),
                            gradient -> {
                              given.add(gradient.toFloatArray());
                              return gradient.mul(2);
                            }));
                NDArray used =
                    tape.cut(
                        leaf.mul(7),
                        input -> new BackwardTape.Piece(input.mul(2), gradient -> gradient.mul(2)));
                return used.mul(3);
              });
      tape.backward(logits, manager.ones(new Shape(3)));
      assertThat(given).containsExactly(new float[] {0, 0, 0});
      assertThat(leaf.getGradient().toFloatArray()).containsExactly(42, 42, 42);
    }
  }
}
