package io.sparkfocal.train;

import org.jspecify.annotations.Nullable;

/**
 * Keeps the weights of the best epoch, in the host's memory beside the heap, and says when to stop
 * waiting for a better one.
 */
final class BestEpoch implements AutoCloseable {

  private final ValidationMetric metric;
  private final int patience;
  private int epoch;
  private double score;
  private @Nullable TensorFloats weights;

  BestEpoch(ValidationMetric metric, int patience) {
    this.metric = metric;
    this.patience = patience;
  }

  /** Takes the weights if the evaluation is the best so far. */
  void offer(int candidate, Evaluation evaluation, FlatParameters parameters) {
    double measured = metric.score(evaluation);
    double offered = Double.isNaN(measured) ? Double.NEGATIVE_INFINITY : measured;
    if (weights == null || offered > score) {
      close();
      weights = TensorFloats.copyOf(parameters.all());
      epoch = candidate;
      score = offered;
    }
  }

  /** Whether {@code patience} epochs have passed without a better one. */
  boolean isOverdue(int currentEpoch) {
    return patience > 0 && weights != null && currentEpoch - epoch >= patience;
  }

  /** The best so far, whose weights are to be closed; null if none was offered. */
  LoopState.@Nullable Best soFar() {
    return weights == null ? null : new LoopState.Best(epoch, score, weights.shared());
  }

  /** Goes on from a copy of that. */
  void restore(LoopState.@Nullable Best earlier) {
    close();
    if (earlier != null) {
      weights = TensorFloats.copyOf(earlier.weights());
      epoch = earlier.epoch();
      score = earlier.score();
    }
  }

  /** Whether an epoch was offered. */
  boolean isKnown() {
    return weights != null;
  }

  /** The best epoch, or {@code otherwise} if none was offered. */
  int epochOr(int otherwise) {
    return weights == null ? otherwise : epoch;
  }

  /** The best weights, to be closed, or a view of those of {@code current} if none were offered. */
  Floats weightsOr(FlatParameters current) {
    return weights == null ? current.values() : weights.shared();
  }

  @Override
  public void close() {
    if (weights != null) {
      weights.close();
      weights = null;
    }
  }
}
