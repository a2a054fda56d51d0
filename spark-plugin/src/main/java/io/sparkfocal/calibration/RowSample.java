package io.sparkfocal.calibration;

import java.util.Arrays;

/**
 * Validation rows of all ranks, the same on each: all rows of rare classes and a part of the
 * others, which count for those that are left out; of each row the classes with the largest
 * probability / threshold.
 *
 * @param labels of the rows
 * @param weights of the rows
 * @param slots how many classes of a row are known
 * @param classes of the slots, row by row; -1 for an empty one
 * @param logs log probabilities of the slots
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RowSample(int[] labels, float[] weights, int slots, int[] classes, float[] logs) {

  /** Of all rows, about at most. */
  static final int MOST_SLOTS = 1 << 21;

  /** The true class is always among them. */
  private static final int MOST_SLOTS_OF_ROW = 17;

  private static final int BESIDE_SLOTS = 2;

  /**
   * Draws every so many rows of a class, in the order in which each rank sees them.
   *
   * @param known classes that any rows have; others have no slot
   * @param thresholds by which the slots of a row are chosen
   */
  static RowSample of(
      ScoredRows rows,
      double temperature,
      ClassTotals totals,
      boolean[] known,
      double[] thresholds) {
    int classes = known.length;
    int slots = 0;
    double[] counts = new double[classes];
    for (int c = 0; c < classes; c++) {
      slots += known[c] ? 1 : 0;
      counts[c] = totals.rows(c);
    }
    int ofRow = Math.min(MOST_SLOTS_OF_ROW, slots);
    long most = mostOfClass(counts, MOST_SLOTS / ofRow);
    Picker picker = new Picker(known, thresholds, ofRow);
    double[] seen = new double[classes];
    rows.forEach(
        (label, weight, scores) -> {
          double part = Math.min(1, most / counts[label]);
          double phase = phase(rows.rank(), label);
          double before = Math.floor(phase + seen[label] * part);
          seen[label]++;
          if (part == 1 || Math.floor(phase + seen[label] * part) > before) {
            picker.pick(label, weight / part, scores, temperature);
          }
        });
    return of(rows.gather(picker.picked()), ofRow);
  }

  /** From 0 to below 1; so that ranks with few rows of a class do not all leave it out. */
  private static double phase(int rank, int label) {
    double turns = rank * 0.6180339887498949 + label * 0.7548776662466927;
    return turns - Math.floor(turns);
  }

  private static RowSample of(float[] all, int slots) {
    int stride = BESIDE_SLOTS + 2 * slots;
    int count = all.length / stride;
    RowSample sample =
        new RowSample(
            new int[count],
            new float[count],
            slots,
            new int[count * slots],
            new float[count * slots]);
    for (int row = 0; row < count; row++) {
      sample.labels[row] = (int) all[row * stride];
      sample.weights[row] = all[row * stride + 1];
      for (int slot = 0; slot < slots; slot++) {
        int from = row * stride + BESIDE_SLOTS + 2 * slot;
        sample.classes[row * slots + slot] = (int) all[from];
        sample.logs[row * slots + slot] = all[from + 1];
      }
    }
    return sample;
  }

  /** The largest number of rows that every class may have. */
  private static long mostOfClass(double[] counts, long mostRows) {
    long low = 1;
    long high = mostRows;
    while (low < high) {
      long middle = (low + high + 1) / 2;
      if (Arrays.stream(counts).map(n -> Math.min(n, (double) middle)).sum() <= mostRows) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  int rows() {
    return labels.length;
  }

  /** Writes rows down. */
  private static final class Picker {

    private final boolean[] known;
    private final double[] logThresholds;
    private final double[] shifted;
    private final int[] best;
    private float[] picked = new float[1 << 10];
    private int length;

    Picker(boolean[] known, double[] thresholds, int slots) {
      this.known = known;
      this.logThresholds = Arrays.stream(thresholds).map(Math::log).toArray();
      this.shifted = new double[known.length];
      this.best = new int[slots];
    }

    float[] picked() {
      return Arrays.copyOf(picked, length);
    }

    void pick(int label, double weight, double[] scores, double temperature) {
      double logSum = Softmax.logSumExp(scores, temperature);
      for (int c = 0; c < shifted.length; c++) {
        shifted[c] = scores[c] / temperature - logThresholds[c];
      }
      int found = best(shifted);
      boolean hasLabel = false;
      for (int slot = 0; slot < found; slot++) {
        hasLabel |= best[slot] == label;
      }
      if (!hasLabel) {
        best[found - 1] = label;
      }
      put(label);
      put(weight);
      for (int slot = 0; slot < best.length; slot++) {
        put(slot < found ? best[slot] : -1);
        put(slot < found ? scores[best[slot]] / temperature - logSum : 0);
      }
    }

    /** Fills the slots with the classes of the largest values, the first of equals. */
    private int best(double[] values) {
      int found = 0;
      for (int c = 0; c < values.length; c++) {
        if (!known[c] || (found == best.length && values[c] <= values[best[found - 1]])) {
          continue;
        }
        int slot = found < best.length ? found++ : found - 1;
        while (slot > 0 && values[c] > values[best[slot - 1]]) {
          best[slot] = best[slot - 1];
          slot--;
        }
        best[slot] = c;
      }
      return found;
    }

    private void put(double value) {
      if (length == picked.length) {
        picked = Arrays.copyOf(picked, 2 * length);
      }
      picked[length++] = (float) value;
    }
  }
}
