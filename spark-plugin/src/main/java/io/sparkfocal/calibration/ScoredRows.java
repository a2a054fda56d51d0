package io.sparkfocal.calibration;

import java.util.function.DoubleBinaryOperator;

/**
 * Rows of one rank whose class is known, with the scores that a network gives them, and what ranks
 * tell each other of their rows. Every rank calls {@link #merge} and {@link #gather} in the same
 * order; without ranks the rows are all there are.
 */
@FunctionalInterface
public interface ScoredRows {

  /** What sees a row. */
  @FunctionalInterface
  interface Visitor {

    /**
     * A row.
     *
     * @param label its class, from 0
     * @param weight not negative
     * @param scores one per class, whose softmax are the probabilities at a temperature of 1; good
     *     until this returns; of several labels their logits, and behind them the labels
     */
    void row(int label, double weight, double[] scores);
  }

  /** Shows the rows of this rank, in the same order each time. */
  void forEach(Visitor visitor);

  /**
   * Values over all ranks, each put together in the order of the ranks' numbers.
   *
   * @param own of this rank, as many on every rank
   */
  default double[] merge(double[] own, DoubleBinaryOperator operator) {
    return own;
  }

  /**
   * The values of all ranks, one rank after the other.
   *
   * @param own of this rank, as many as it has
   */
  default float[] gather(float[] own) {
    return own;
  }

  /** The number of this rank. */
  default int rank() {
    return 0;
  }

  /** Says that this rank still works; throws if it shall not. */
  default void working() {}
}
