package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;

/** How the losses of rows become one number; w_i are sample weights, 1 where there are none. */
public enum Reduction {

  /** No reduction: the loss of each row. */
  NONE,

  /** sum of w_i value_i. */
  SUM,

  /** sum of w_i value_i over sum of w_i, as torchvision's focal loss averages. */
  MEAN,

  /**
   * sum of w_i value_i over sum of w_i alpha_i, as PyTorch's cross entropy averages with class
   * weights.
   */
  WEIGHTED_MEAN;

  /**
   * Sums up a batch.
   *
   * @param sampleWeights shape (B), of the type of the losses; null for weight 1
   * @throws IllegalStateException for {@link #NONE}
   */
  public ReducedLoss reduce(RowLosses rows, @Nullable NDArray sampleWeights) {
    NDArray values = rows.values();
    NDArray sum = (sampleWeights == null ? values : values.mul(sampleWeights)).sum();
    NDArray weight =
        switch (this) {
          case NONE ->
              throw new IllegalStateException(
                  "Reduction NONE has no sum; choose SUM, MEAN or WEIGHTED_MEAN.");
          case SUM -> sum.onesLike();
          case MEAN -> (sampleWeights == null ? values.onesLike() : sampleWeights).sum();
          case WEIGHTED_MEAN ->
              (sampleWeights == null ? rows.weights() : rows.weights().mul(sampleWeights)).sum();
        };
    return new ReducedLoss(sum, weight);
  }

  /**
   * The gradient of {@link ReducedLoss#sum} by the logits, shape (B, C).
   *
   * @param sampleWeights as for {@link #reduce}
   */
  public NDArray gradientOfSum(RowLosses rows, @Nullable NDArray sampleWeights) {
    return sampleWeights == null
        ? rows.gradients()
        : rows.gradients().mul(sampleWeights.reshape(-1, 1));
  }
}
