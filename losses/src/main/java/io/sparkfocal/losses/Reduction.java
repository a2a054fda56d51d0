package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;

/**
 * How the losses of the rows become one number.
 *
 * <p>Sample weights w (one per row, 1 where none are given) multiply the values. A reduction yields
 * sum and denominator apart, so that ranks or micro-batches add both and divide once: the result is
 * then that of the whole batch, however it was cut.
 */
public enum Reduction {
  /** One loss per row; nothing is summed. */
  NONE,
  /** sum(w * value). */
  SUM,
  /** sum(w * value) / sum(w). */
  MEAN,
  /** sum(w * value) / sum(w * alpha), where alpha is the class weight of the row. */
  WEIGHTED_MEAN;

  /**
   * Returns the weighted sum of the values and what it is to be divided by.
   *
   * <p>Both are new scalars, attached to the manager of the values.
   *
   * @param rows what a kernel returned
   * @param sampleWeights shape (B), data type and device of the values, not negative; null for ones
   * @throws IllegalStateException if this is {@link #NONE}
   * @throws IllegalArgumentException if the sample weights have another shape or data type
   */
  public ReducedLoss reduce(RowLosses rows, @Nullable NDArray sampleWeights) {
    requireSum();
    if (sampleWeights == null) {
      return new ReducedLoss(rows.values().sum(), unweightedDenominator(rows));
    }
    checkWeights(rows, sampleWeights);
    try (NDArray weighted = rows.values().mul(sampleWeights)) {
      return new ReducedLoss(weighted.sum(), denominator(rows, sampleWeights));
    }
  }

  /**
   * Returns the derivative of {@link ReducedLoss#sum} by the logits: the gradient of each row times
   * the weight of the row.
   *
   * <p>Divide by the (global) {@link ReducedLoss#weight} to get the gradient of the reduced loss.
   *
   * @param rows what a kernel returned
   * @param sampleWeights as for {@link #reduce}
   * @return a new array of shape (B, C); where there are no sample weights, {@code
   *     rows.gradients()} itself
   * @throws IllegalStateException if this is {@link #NONE}
   * @throws IllegalArgumentException if the sample weights have another shape or data type
   */
  public NDArray sumGradient(RowLosses rows, @Nullable NDArray sampleWeights) {
    requireSum();
    if (sampleWeights == null) {
      return rows.gradients();
    }
    checkWeights(rows, sampleWeights);
    try (NDArray column = sampleWeights.reshape(new Shape(sampleWeights.getShape().get(0), 1))) {
      return rows.gradients().mul(column);
    }
  }

  private NDArray unweightedDenominator(RowLosses rows) {
    if (this == WEIGHTED_MEAN) {
      return rows.weights().sum();
    }
    if (this == SUM) {
      return one(rows);
    }
    try (NDArray ones = rows.values().onesLike()) {
      return ones.sum();
    }
  }

  private NDArray denominator(RowLosses rows, NDArray sampleWeights) {
    if (this == SUM) {
      return one(rows);
    }
    if (this == MEAN) {
      NDArray sum = sampleWeights.sum();
      sum.attach(rows.values().getManager());
      return sum;
    }
    try (NDArray weighted = rows.weights().mul(sampleWeights)) {
      return weighted.sum();
    }
  }

  private static NDArray one(RowLosses rows) {
    NDArray values = rows.values();
    return values.getManager().ones(new Shape(), values.getDataType(), values.getDevice());
  }

  private void requireSum() {
    if (this == NONE) {
      throw new IllegalStateException(
          "Reduction NONE keeps one loss per row and has no sum; use SUM, MEAN or WEIGHTED_MEAN.");
    }
  }

  private static void checkWeights(RowLosses rows, NDArray sampleWeights) {
    NDArray values = rows.values();
    if (!sampleWeights.getShape().equals(values.getShape())
        || sampleWeights.getDataType() != values.getDataType()) {
      throw new IllegalArgumentException(
          "Sample weights must be %s of shape %s, one per row, but are %s of shape %s."
              .formatted(
                  values.getDataType(),
                  values.getShape(),
                  sampleWeights.getDataType(),
                  sampleWeights.getShape()));
    }
  }
}
