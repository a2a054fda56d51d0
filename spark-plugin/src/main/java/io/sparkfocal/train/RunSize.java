package io.sparkfocal.train;

/**
 * How many rows a run has over all ranks.
 *
 * @param trainingRows at least 1
 * @param largestShard most training rows of any rank
 * @param validationRows 0 if there are none
 */
public record RunSize(long trainingRows, long largestShard, long validationRows) {

  /**
   * Steps of an epoch: rows over batch size, rounded up, but not more than the largest shard has
   * rows, so that no step is without rows.
   */
  public long stepsPerEpoch(int batchSize) {
    long steps = (trainingRows + batchSize - 1) / batchSize;
    return Math.max(1, Math.min(steps, largestShard));
  }

  /**
   * Rows of a rank in one step: from row i n / S to before row (i + 1) n / S of its n rows, so that
   * each is used once per epoch, whatever the other ranks have.
   */
  static int rowsOfStep(long rows, long step, long steps) {
    return (int) ((step + 1) * rows / steps - step * rows / steps);
  }
}
