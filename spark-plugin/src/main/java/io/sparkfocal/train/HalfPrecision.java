package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.TensorCopy;

/**
 * What a network in float16 computes with: copies of its weights, and the gradients by those that
 * are trained.
 */
final class HalfPrecision {

  private final LossScale scale;
  private final NDArray weights;
  private final NDArray gradients;
  private final NDArray zero;

  /**
   * Of a network.
   *
   * @param weights shape (n), as {@link FlatParameters#all}; what lies there of running statistics,
   *     which stay float32, nobody uses
   * @param gradients shape (m), which the backward pass adds to
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

  /** The copies, shape (n). */
  NDArray weights() {
    return weights;
  }

  /** The gradients by them, shape (m), times the loss scale. */
  NDArray gradients() {
    return gradients;
  }

  /** Copies the weights again, which have changed. */
  void take(NDArray all) {
    TensorCopy.into(weights, all);
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
