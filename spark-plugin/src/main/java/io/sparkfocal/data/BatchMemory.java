package io.sparkfocal.data;

import java.util.Locale;

/** How many rows a batch may have: what Java shares with PyTorch is below 2 GiB. */
public final class BatchMemory {

  /** Features of the widest row of which a batch can be made. */
  private static final long MOST_FEATURES =
      (Integer.MAX_VALUE / 2 - RowCursor.Target.bytes(0, 0)) / Float.BYTES;

  private BatchMemory() {}

  /**
   * The most rows of a batch.
   *
   * @param width features of a row
   */
  public static long mostRows(int width) {
    // Memory is taken for a row more, since steps differ by one.
    return Integer.MAX_VALUE / RowCursor.Target.bytes(width, 0) - 1;
  }

  /**
   * Requires that a batch of one row fits.
   *
   * @throws IllegalArgumentException if it does not
   */
  public static void requireRow(int width) {
    if (mostRows(width) < 1) {
      throw new BadRowException(
          "A row of %s features is larger than 1 GiB; use at most %s features."
              .formatted(width, MOST_FEATURES));
    }
  }

  /**
   * Requires that so many rows fit.
   *
   * @throws IllegalArgumentException if they do not
   */
  static void require(int rows, int width) {
    requireRow(width);
    if (rows > mostRows(width)) {
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
