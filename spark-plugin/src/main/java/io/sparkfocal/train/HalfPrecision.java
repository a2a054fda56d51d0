package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.TensorCopy;

/**
 * What a network in float16 computes with: copies of its trained weights, and the gradients by
 * them.
 */
final class HalfPrecision {

  private final LossScale scale;
  private final NDArray weights;
  private final NDArray gradients;
  private final NDArray zero;

  /**
   * Of that many trained weights.
   *
   * @param gradients shape (size), which the backward pass adds to
   */
  HalfPrecision(LossScale scale, NDArray weights, NDArray gradients, NDManager manager) {
    this.scale = scale;
    this.weights = weights;
    this.gradients = gradients;
    this.zero = manager.zeros(new Shape(1), DataType.FLOAT16);
  }

  LossScale scale() {
    return scale;
  }

  /** The copies, shape (m). */
  NDArray weights() {
    return weights;
  }

  /** Copies the weights again, which have changed. */
  void take(NDArray trained) {
    TensorCopy.into(weights, trained);
  }

  /** Adds the gradients by the loss without its factor, and zeroes them. */
  void addGradientsTo(NDArray sums) {
    sums.addi(gradients.div(scale.factor()));
    discardGradients();
  }

  /** Zeroes the gradients, whatever they are. */
  void discardGradients() {
    TensorCopy.into(gradients, zero);
  }
}
