package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;

/**
 * What ends a step: gradients, losses and weights are summed over all ranks, the gradients divided
 * by the weight of all rows, and the optimizer's rule applied.
 *
 * <p>The gradient is that of the union of the rows, however they are spread over ranks.
 */
interface WeightUpdate {

  /**
   * Adds what some rows brought beside their gradients.
   *
   * @param sums loss sum and weight sum, shape (2)
   */
  void count(NDArray sums);

  /** Forgets what has been added since the last step; the gradients are zero then. */
  void discard();

  /**
   * Ends the step; the gradients are zero then, and the network sees the new weights. With a {@link
   * LossScale}, a step with a gradient that is not finite changes nothing but that; it counts as an
   * update, and its losses like others.
   */
  void apply(double learningRate);

  /**
   * Loss sum and weight sum of the steps of all ranks since the last call; to be confirmed by
   * {@link io.sparkfocal.collective.TensorCollective#confirm}.
   */
  double[] takeTotals();

  /** A copy of what the optimizer remembers, in the host's memory beside the heap; to be closed. */
  OptimizerState state();

  /** Goes on from there. */
  void restore(OptimizerState state);
}
