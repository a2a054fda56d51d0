package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import org.jspecify.annotations.Nullable;

/**
 * Computes the loss of every row of a batch and its gradient in closed form, on one device and in
 * one data type.
 *
 * <p>No value travels to the host, so that a call on a GPU does not wait for it. No autograd graph
 * is built, whatever the logits are; they and the labels are left as they were. Intermediate arrays
 * are closed before the call returns. A kernel may be used by several threads.
 */
@FunctionalInterface
public interface LossKernel {

  /**
   * Returns value, gradient and class weight of every row.
   *
   * <p>The result is attached to the manager of the logits; where that manager lives long, close
   * the result.
   *
   * @param logits shape (B, C), B may be 0; finite
   * @param labels shape (B) or (B, 1), {@code int64}, on the device of the logits, from 0 to C - 1
   *     (one logit: 0 or 1); sigmoid losses also take targets from 0 to 1 of the shape and data
   *     type of the logits. A label out of range is an error of the engine: an exception on the
   *     CPU, a failed assertion on a GPU.
   * @throws IllegalArgumentException if a shape or data type does not fit
   */
  RowLosses evaluate(NDArray logits, NDArray labels);

  /**
   * As {@link #evaluate(NDArray, NDArray)}, for losses whose rows depend on each other and that
   * count a row by its weight; others do not look at the weights, which a {@link Reduction}
   * applies.
   *
   * @param sampleWeights shape (B), data type of the logits, not negative; null for ones
   */
  default RowLosses evaluate(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights) {
    return evaluate(logits, labels);
  }

  /**
   * Returns the reduced loss and its gradient, which a kernel may find with fewer passes than row
   * by row.
   *
   * @param sampleWeights as above
   * @throws IllegalStateException if the reduction is {@link Reduction#NONE}
   */
  default BatchLoss evaluate(
      NDArray logits, NDArray labels, @Nullable NDArray sampleWeights, Reduction reduction) {
    RowLosses rows = evaluate(logits, labels, sampleWeights);
    ReducedLoss reduced = reduction.reduce(rows, sampleWeights);
    NDArray sums =
        NDArrays.concat(new NDList(reduced.sum().reshape(1), reduced.weight().reshape(1)));
    return new BatchLoss(sums, reduction.sumGradient(rows, sampleWeights));
  }
}
