package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/**
 * What a step of training needs of a batch.
 *
 * @param loss sum over the rows, and what it is to be divided by
 * @param gradients derivative of the sum by the logits, shape (B, C)
 */
public record BatchLoss(ReducedLoss loss, NDArray gradients) implements AutoCloseable {

  /** Closes all arrays. Idempotent. */
  @Override
  public void close() {
    loss.close();
    gradients.close();
  }
}
