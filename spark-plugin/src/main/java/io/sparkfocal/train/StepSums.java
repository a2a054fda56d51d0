package io.sparkfocal.train;

import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossTrait;
import io.sparkfocal.losses.RankSum;
import java.util.stream.Stream;

/** What a loss sums over the ranks within a step; known beforehand, since all have to take part. */
final class StepSums {

  private StepSums() {}

  /** Whether a loss sums within the steps of so many ranks. */
  static boolean areMadeBy(LossSpec loss, int ranks) {
    return ranks > 1 && Stream.of(loss.loss(), loss.unweighted()).anyMatch(StepSums::couplesRows);
  }

  /** Whether the loss of a row depends on the other rows of its batch. */
  static boolean couplesRows(ClassificationLoss loss) {
    return loss.traits().contains(LossTrait.COUPLES_ROWS);
  }

  /**
   * Sums for a loss over the ranks of a collective.
   *
   * <p>They throw an {@code IllegalArgumentException} if the loss does not say that it needs them.
   */
  static RankSum of(ClassificationLoss loss, TensorCollective collective) {
    return couplesRows(loss)
        ? collective::allReduce
        : values -> {
          throw new IllegalArgumentException(
              "Loss %s sums over the ranks, but does not say so; its traits() must contain COUPLES_ROWS."
                  .formatted(loss.getClass().getName()));
        };
  }
}
