package io.sparkfocal.train;

/** Hears of a rank's progress, on the rank's own thread. */
public interface TrainingListener {

  /** Before each step; throws to end the training, for instance because it was cancelled. */
  void beforeStep();

  /** After each epoch, on every rank, with the same report. */
  void epochCompleted(EpochReport report);
}
