package io.sparkfocal.train;

import org.jspecify.annotations.Nullable;

/** Keeps the weights of the best epoch and says when to stop waiting for a better one. */
final class BestEpoch {

  private final ValidationMetric metric;
  private final int patience;
  private double bestScore = Double.NEGATIVE_INFINITY;
  private int epoch;
  private float @Nullable [] weights;

  BestEpoch(ValidationMetric metric, int patience) {
    this.metric = metric;
    this.patience = patience;
  }

  /** Takes the weights if the evaluation is the best so far. */
  void offer(int candidate, Evaluation evaluation, FlatParameters parameters) {
    double measured = metric.score(evaluation);
    double score = Double.isNaN(measured) ? Double.NEGATIVE_INFINITY : measured;
    if (weights == null || score > bestScore) {
      bestScore = score;
      epoch = candidate;
      weights = parameters.toArray();
    }
  }

  /** Whether {@code patience} epochs have passed without a better one. */
  boolean isOverdue(int currentEpoch) {
    return patience > 0 && weights != null && currentEpoch - epoch >= patience;
  }

  /** The best epoch, or {@code otherwise} if none was offered. */
  int epochOr(int otherwise) {
    return weights == null ? otherwise : epoch;
  }

  /** The best weights, or those of {@code current} if none were offered. */
  float[] weightsOr(FlatParameters current) {
    return weights == null ? current.toArray() : weights;
  }
}
