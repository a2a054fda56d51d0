package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/**
 * The losses of the rows of one batch, with their gradients.
 *
 * <p>All arrays have the device and data type of the logits, share no memory with them and belong
 * to no autograd graph.
 *
 * @param values shape (B): the loss of each row, class weight included, never negative
 * @param gradients shape (B, C): the derivative of {@code values[i]} by row i of the logits
 * @param weights shape (B): the class weight (alpha) of each row, the denominator of a weighted
 *     mean
 */
public record RowLosses(NDArray values, NDArray gradients, NDArray weights)
    implements AutoCloseable {

  /** Closes the three arrays. Idempotent. */
  @Override
  public void close() {
    values.close();
    gradients.close();
    weights.close();
  }
}
