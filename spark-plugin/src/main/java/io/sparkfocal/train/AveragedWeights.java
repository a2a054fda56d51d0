package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import io.sparkfocal.compat.TensorCopy;
import java.util.Map;
import java.util.TreeMap;

/**
 * An exponential moving average of the trained weights over the steps (Polyak and Juditsky 1992),
 * beside the weights that are trained on.
 *
 * <p>After step t an average moves towards the weights by the larger of 1 / t and 1 / (steps of
 * {@code epochs}), so that it begins as the mean of all.
 */
final class AveragedWeights implements AutoCloseable {

  /** In the state of the optimizer. */
  private static final String NAME = "averagedWeights";

  private final FlatParameters parameters;
  private final NDArray average;
  private final double horizon;
  private long steps;

  /**
   * Of no steps yet.
   *
   * @param horizon in steps, at least 1
   */
  AveragedWeights(FlatParameters parameters, double horizon, NDManager manager) {
    this.parameters = parameters;
    this.horizon = Math.max(1, horizon);
    this.average = manager.zeros(parameters.trained().getShape());
    NDScope.unregister(average);
  }

  /** Moves towards the weights after a step. */
  void add() {
    steps++;
    float share = (float) Math.max(1.0 / steps, 1 / horizon);
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      average.addi(parameters.trained().sub(average).mul(share));
    }
  }

  /** Runs something with the averages in the place of the weights. */
  void during(Runnable work) {
    if (steps == 0) {
      work.run();
      return;
    }
    try (NDArray weights = parameters.trained().duplicate()) {
      take();
      try {
        work.run();
      } finally {
        TensorCopy.into(parameters.trained(), weights);
        parameters.publish();
      }
    }
  }

  /** Puts the averages into the place of the weights. */
  void take() {
    TensorCopy.into(parameters.trained(), average);
    parameters.publish();
  }

  /** The state of an optimizer with that of the averages beside it. */
  OptimizerState addTo(OptimizerState optimizer) {
    Map<String, Floats> moments = new TreeMap<>(optimizer.moments());
    moments.put(NAME, TensorFloats.copyOf(average));
    return new OptimizerState(optimizer.updates(), moments);
  }

  /** Goes on from there. */
  void restore(OptimizerState optimizer, long stepsDone) {
    optimizer.copyTo(NAME, average);
    steps = stepsDone;
  }

  @Override
  public void close() {
    average.close();
  }
}
