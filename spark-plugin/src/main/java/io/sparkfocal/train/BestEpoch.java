package io.sparkfocal.train;

import org.jspecify.annotations.Nullable;

/** Keeps the weights of the best epoch and says when to stop waiting for a better one. */
final class BestEpoch {

  private final ValidationMetric metric;
  private final int patience;
  private LoopState.@Nullable Best best;

  BestEpoch(ValidationMetric metric, int patience) {
    this.metric = metric;
    this.patience = patience;
  }

  /** Takes the weights if the evaluation is the best so far. */
  void offer(int candidate, Evaluation evaluation, FlatParameters parameters) {
    double measured = metric.score(evaluation);
    double score = Double.isNaN(measured) ? Double.NEGATIVE_INFINITY : measured;
    if (best == null || score > best.score()) {
      best = new LoopState.Best(candidate, score, parameters.toArray());
    }
  }

  /** Whether {@code patience} epochs have passed without a better one. */
  boolean isOverdue(int currentEpoch) {
    return patience > 0 && best != null && currentEpoch - best.epoch() >= patience;
  }

  /** The best so far; null if none was offered. */
  LoopState.@Nullable Best soFar() {
    return best;
  }

  /** Goes on from there. */
  void restore(LoopState.@Nullable Best earlier) {
    best = earlier;
  }

  /** The best epoch, or {@code otherwise} if none was offered. */
  int epochOr(int otherwise) {
    return best == null ? otherwise : best.epoch();
  }

  /** The best weights, or those of {@code current} if none were offered. */
  float[] weightsOr(FlatParameters current) {
    return best == null ? current.toArray() : best.weights();
  }
}
