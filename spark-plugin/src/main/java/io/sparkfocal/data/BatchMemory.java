package io.sparkfocal.data;

import java.util.Locale;

/** How many rows a batch may have: what Java shares with PyTorch is below 2 GiB. */
public final class BatchMemory {

  private BatchMemory() {}

  /**
   * The most rows of a batch.
   *
   * @param width features of a row
   */
  public static long mostRows(int width) {
    // Memory is taken for a row more, since steps differ by one.
    return Integer.MAX_VALUE / RowCursor.Target.bytes(width) - 1;
  }

  /**
   * Requires that so many rows fit.
   *
   * @throws IllegalArgumentException if they do not
   */
  static void require(int rows, int width) {
    if (rows > Math.max(1, mostRows(width))) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "A worker has %d rows of %d features in a step, but only %d fit in 2 GiB; lower batchSize, or raise numWorkers.",
              rows,
              width,
              mostRows(width)));
    }
  }
}
