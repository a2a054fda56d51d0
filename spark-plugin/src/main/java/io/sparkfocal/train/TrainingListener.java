package io.sparkfocal.train;

import java.util.function.Supplier;

/** Hears of a rank's progress, on the rank's own thread. */
public interface TrainingListener {

  /**
   * Before each step, and each batch of an evaluation; throws to end the training, for instance
   * because it was cancelled.
   */
  void beforeStep();

  /**
   * After each step.
   *
   * @param state copies what the run remembers, when it is asked to
   */
  default void afterStep(Supplier<LoopState> state) {}

  /** After each epoch, on every rank, with the same report. */
  void epochCompleted(EpochReport report);
}
