package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/**
 * Adds numbers up over all ranks of a training, for losses whose rows depend on each other.
 *
 * <p>Every rank calls it equally often, with arrays of the same shape, and gets the same bits.
 */
@FunctionalInterface
public interface RankSum {

  /** A training of one rank. */
  RankSum ALONE = values -> {};

  /**
   * Replaces the values by their sums over all ranks.
   *
   * @param values any shape, data type of the logits
   */
  void allReduce(NDArray values);
}
