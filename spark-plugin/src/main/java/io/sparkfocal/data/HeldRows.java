package io.sparkfocal.data;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.XXH64;

/**
 * Chooses validation rows by a hash of their features. Of equal rows each has its own chance, by
 * its number among those of its partition: else a table of few different rows would be cut by them.
 */
final class HeldRows {

  /** Equal rows that lie farther apart are taken for the first of their kind again. */
  private static final int MOST_KINDS = 1 << 16;

  private final double fraction;
  private final Map<Long, Integer> seen = new HashMap<>();

  /** That part of the rows, from 0 to 1. */
  HeldRows(double fraction) {
    this.fraction = fraction;
  }

  /** Whether the next row is for validation. */
  boolean isHeld(long hash) {
    if (seen.size() >= MOST_KINDS) {
      seen.clear();
    }
    int number = seen.merge(hash, 1, Integer::sum);
    return (XXH64.hashLong(hash, number) >>> 11) * 0x1p-53 < fraction;
  }
}
