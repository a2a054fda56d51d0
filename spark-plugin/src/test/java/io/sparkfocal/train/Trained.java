package io.sparkfocal.train;

import java.util.List;

/** A {@link TrainingOutcome} that outlives its run. */
record Trained(float[] weights, List<EpochReport> epochs, int bestEpoch) {

  /** Closes the outcome. */
  static Trained of(TrainingOutcome outcome) {
    try (outcome) {
      return new Trained(outcome.weights().toArray(), outcome.epochs(), outcome.bestEpoch());
    }
  }
}
