package io.sparkfocal.train;

/** Hears of a rank's progress, on the rank's own thread. */
public interface TrainingListener {

  /**
   * Before each step, and each batch of an evaluation; throws to end the training, for instance
   * because it was cancelled.
   */
  void beforeStep();

  /** How often the state of the run is to be kept; the same on every rank. */
  default StateInterval keepsState() {
    return StateInterval.NEVER;
  }

  /**
   * Whether this rank takes the state that is due now, which has to be copied for it; ranks may
   * differ. Time makes none due that rank 0 does not take.
   */
  default boolean takesState() {
    return true;
  }

  /**
   * Takes the state of the run: after the step it is due, on ranks that take it, when every rank
   * has agreed that it is right. It is this listener's to close.
   */
  default void keep(LoopState state) {}

  /**
   * After each epoch, on every rank, with the same report. Over device memory all ranks have agreed
   * on it; over host memory another rank may fail before it has it.
   */
  void epochCompleted(EpochReport report);
}
