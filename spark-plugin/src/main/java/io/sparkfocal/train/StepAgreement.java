package io.sparkfocal.train;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;

/**
 * Ranks that sum within a step end it together, or leave it together because one found no memory.
 *
 * <p>Before every such sum, and at the end of the step, each rank tells whether it failed. One that
 * fails tells it in place of its next sum, which is where the others wait for it. Every telling
 * waits for the device.
 */
final class StepAgreement {

  /** Ends the step of a rank because another failed. */
  private static final class OtherRankFailed extends RuntimeException {

    private static final long serialVersionUID = 1L;

    OtherRankFailed() {
      super("Another rank found no memory.", null, false, false);
    }
  }

  private final TensorCollective collective;
  private final NDManager manager;

  /** Between the ranks of a collective, with tensors of that manager. */
  StepAgreement(TensorCollective collective, NDManager manager) {
    this.collective = collective;
    this.manager = manager;
  }

  /**
   * Runs a step, in which {@code collective} sums tensors; returns whether it succeeded everywhere.
   *
   * <p>If the step throws, the caller ends the run or calls {@link #tellFailure}.
   */
  boolean succeeds(Runnable step) {
    collective.beforeEverySum(
        () -> {
          if (anyFailed(false)) {
            throw new OtherRankFailed();
          }
        });
    try {
      step.run();
    } catch (OtherRankFailed e) {
      return false;
    } finally {
      collective.beforeEverySum(() -> {});
    }
    return !anyFailed(false);
  }

  /** Lets the others leave the step that this rank could not go on with. */
  void tellFailure() {
    anyFailed(true);
  }

  /**
   * Waits for the sentence of a rank that gives up.
   *
   * @throws io.sparkfocal.collective.CollectiveException with that sentence
   */
  void awaitSentence() {
    anyFailed(false);
    throw new IllegalStateException("Another rank found no memory, and went on.");
  }

  private boolean anyFailed(boolean here) {
    byte[] own = {(byte) (here ? 1 : 0)};
    return collective.allGather(own, manager).stream().anyMatch(told -> told[0] != 0);
  }
}
