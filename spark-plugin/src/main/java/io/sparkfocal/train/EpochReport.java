package io.sparkfocal.train;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * One epoch of a training run.
 *
 * @param epoch from 1
 * @param epochs how many the run may have
 * @param trainingLoss mean loss of the training rows, each taken just before its step
 * @param validation the validation rows after the epoch; null without validation rows
 * @param learningRate of the epoch's last step
 * @param rowsPerSecond training rows of all ranks per second, without validation
 * @param elapsedSeconds since the first step of the run
 */
public record EpochReport(
    int epoch,
    int epochs,
    double trainingLoss,
    @Nullable Evaluation validation,
    double learningRate,
    double rowsPerSecond,
    double elapsedSeconds)
    implements Serializable {

  /** How long the remaining epochs will take, at the pace so far. */
  public double remainingSeconds() {
    return elapsedSeconds / epoch * (epochs - epoch);
  }
}
