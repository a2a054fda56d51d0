package io.sparkfocal.calibration;

import java.util.function.IntUnaryOperator;

/**
 * Finds for each of many groups of rows the largest value that a share of the group's weight is not
 * below: the first digits of all groups in one pass, by a histogram of each group, then the next
 * digits of what was found. Every row counts; values are rounded to float32.
 */
final class RecallSearch {

  /** Over all groups. */
  private static final int MOST_BINS = 1 << 18;

  private static final int FEWEST_BITS = 4;
  private static final int MOST_BITS = 16;

  /** Sums of weights are rounded. */
  private static final double SLACK = 1e-12;

  private final ScoredRows rows;
  private final RowNumbers values;
  private final int groups;
  private final IntUnaryOperator groupOf;
  private final double share;

  /**
   * A search.
   *
   * @param groupOf the group of a label; negative for none
   * @param share from above 0 to 1
   */
  RecallSearch(
      ScoredRows rows, RowNumbers values, int groups, IntUnaryOperator groupOf, double share) {
    this.rows = rows;
    this.values = values;
    this.groups = groups;
    this.groupOf = groupOf;
    this.share = share;
  }

  /** The value of each group; NaN for a group whose rows weigh nothing. */
  double[] find() {
    int bits = FEWEST_BITS;
    while (bits < MOST_BITS && (long) groups << (bits + 1) <= MOST_BINS) {
      bits++;
    }
    long[] found = new long[groups];
    for (int left = FloatOrder.BITS; left > 0; ) {
      int digits = Math.min(bits, left);
      narrow(found, left, digits);
      left -= digits;
    }
    double[] result = new double[groups];
    for (int g = 0; g < groups; g++) {
      result[g] = found[g] < 0 ? Double.NaN : FloatOrder.value(found[g]);
    }
    return result;
  }

  /** Each group has a bin for what lies below, {@code 1 << digits} bins, and one for above. */
  private void narrow(long[] found, int left, int digits) {
    int stride = (1 << digits) + 2;
    double[] own = new double[Math.multiplyExact(groups, stride)];
    values.forEach(
        (label, weight, value) -> {
          int g = groupOf.applyAsInt(label);
          if (g >= 0 && weight > 0) {
            own[g * stride + bin(FloatOrder.key(value), found[g], left, digits)] += weight;
          }
        });
    double[] all = rows.merge(own, Double::sum);
    for (int g = 0; g < groups; g++) {
      found[g] = narrowed(all, g * stride, stride, found[g]);
    }
  }

  private static int bin(long key, long prefix, int left, int digits) {
    long own = key >>> left;
    if (own != prefix) {
      return own < prefix ? 0 : (1 << digits) + 1;
    }
    return 1 + (int) ((key >>> (left - digits)) & ((1 << digits) - 1));
  }

  private long narrowed(double[] bins, int from, int stride, long prefix) {
    double total = 0;
    for (int bin = stride - 1; bin >= 0; bin--) {
      total += bins[from + bin];
    }
    double sum = bins[from + stride - 1];
    int lowest = -1;
    for (int bin = stride - 2; bin > 0; bin--) {
      sum += bins[from + bin];
      if (bins[from + bin] > 0) {
        lowest = bin - 1;
        if (sum >= share * total - SLACK * total) {
          break;
        }
      }
    }
    return lowest < 0 ? -1 : prefix * (stride - 2) + lowest;
  }
}
