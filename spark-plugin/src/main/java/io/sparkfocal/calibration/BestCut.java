package io.sparkfocal.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The cut through a value of each row that gives the largest macro F1 of two classes, class 1 being
 * predicted from the cut upwards; exact for values that are rounded to float32.
 *
 * <p>A histogram gives F1 at the edges of its bins. Within a bin it is at most that of a cut with
 * the bin's rows of class 1 above and all others below; bins in which that is not better than the
 * best edge are done, the others are divided again.
 */
final class BestCut {

  private static final int FIRST_BITS = 16;

  /** Of all bins that are divided in a pass. */
  private static final int MOST_BINS = 1 << 16;

  private static final int FEWEST_BITS = 4;
  private static final double EQUAL = 1e-12;

  private final ScoredRows rows;
  private final RowNumbers values;
  private final double zeros;
  private final double ones;

  /** First digits of the bins to divide, ascending. */
  private long[] open = {0};

  private double best;
  private long cut = 1L << FloatOrder.BITS;

  /**
   * A search.
   *
   * @param zeros weight of the rows of class 0
   * @param ones weight of the rows of class 1
   */
  BestCut(ScoredRows rows, RowNumbers values, double zeros, double ones) {
    this.rows = rows;
    this.values = values;
    this.zeros = zeros;
    this.ones = ones;
    this.best = f1(0, 0);
  }

  /** The lowest {@link FloatOrder#key} of which class 1 is predicted; 2^32 for none. */
  long find() {
    int left = FloatOrder.BITS;
    int bits = FIRST_BITS;
    while (left > 0 && open.length > 0) {
      int digits = Math.min(bits, left);
      divide(left, digits);
      left -= digits;
      bits = FEWEST_BITS;
      while ((long) open.length << (bits + 1) <= MOST_BINS && bits < FIRST_BITS) {
        bits++;
      }
    }
    return cut;
  }

  private record Bin(long prefix, double bound) {}

  /**
   * Weights of both classes: below the first open bin, in each part of it, between it and so on.
   */
  private void divide(int left, int digits) {
    int parts = 1 << digits;
    int stride = parts + 1;
    double[] own = new double[2 * (open.length * stride + 1)];
    values.forEach(
        (label, weight, value) -> {
          long key = FloatOrder.key(value);
          int found = Arrays.binarySearch(open, key >>> left);
          int place =
              found >= 0
                  ? found * stride + 1 + (int) ((key >>> (left - digits)) & (parts - 1))
                  : (-found - 1) * stride;
          own[2 * place + label] += weight;
        });
    double[] all = rows.merge(own, Double::sum);
    List<Bin> mixed = new ArrayList<>();
    double hits = 0;
    double alarms = 0;
    for (int place = all.length / 2 - 1; place >= 0; place--) {
      double zero = all[2 * place];
      double one = all[2 * place + 1];
      int part = place % stride - 1;
      if (part >= 0 && zero + one > 0) {
        long prefix = (open[place / stride] << digits) | part;
        if (zero > 0 && one > 0) {
          mixed.add(new Bin(prefix, f1(hits + one, alarms)));
        }
        offer(f1(hits + one, alarms + zero), prefix << (left - digits));
      }
      hits += one;
      alarms += zero;
    }
    open =
        mixed.stream()
            .filter(bin -> bin.bound > best + EQUAL)
            .sorted(Comparator.comparingDouble(Bin::bound).reversed())
            .limit(MOST_BINS >> FEWEST_BITS)
            .mapToLong(Bin::prefix)
            .sorted()
            .toArray();
  }

  private void offer(double value, long from) {
    if (value > best + EQUAL) {
      best = value;
      cut = from;
    }
  }

  /**
   * Macro F1 over the classes that have rows.
   *
   * @param hits weight of class 1 from the cut upwards
   * @param alarms of class 0
   */
  private double f1(double hits, double alarms) {
    double sum = 0;
    int present = 0;
    if (ones > 0) {
      sum += 2 * hits / (ones + hits + alarms);
      present++;
    }
    if (zeros > 0) {
      sum += 2 * (zeros - alarms) / (2 * zeros + ones - hits - alarms);
      present++;
    }
    return present == 0 ? 0 : sum / present;
  }
}
