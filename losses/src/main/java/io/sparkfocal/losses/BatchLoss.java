package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/**
 * What a step of training needs of a batch.
 *
 * @param sums shape (2): {@link ReducedLoss#sum} and {@link ReducedLoss#weight}
 * @param gradients derivative of the sum by the logits, shape (B, C)
 */
public record BatchLoss(NDArray sums, NDArray gradients) implements AutoCloseable {

  /** Closes both arrays. Idempotent. */
  @Override
  public void close() {
    sums.close();
    gradients.close();
  }
}
