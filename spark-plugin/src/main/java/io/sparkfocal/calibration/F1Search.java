package io.sparkfocal.calibration;

import java.util.Arrays;

/**
 * Sets each class's threshold in turn to what is best for macro F1 given the others, until nothing
 * gains. A step costs as much as to sort the rows that may be of the class.
 */
final class F1Search {

  private static final int MOST_ROUNDS = 3;
  private static final int INDEX_BITS = 31;
  private static final long HIGHEST_KEY = (1L << FloatOrder.BITS) - 1;
  private static final double LEAST_GAIN = 1e-5;
  private static final double EQUAL = 1e-9;

  /** Of the logarithm of a threshold, where a row has no other class. */
  private static final double HIGHEST = 1e4;

  private final RowSample sample;

  /** Slots of each class: those of class c begin at {@code firstOf[c]}. */
  private final int[] firstOf;

  private final int[] slotsOf;

  /** Logarithms. */
  private final double[] thresholds;

  /** The slots with the largest and the next p / threshold of each row. */
  private final int[] first;

  private final int[] second;
  private final double[] truth;
  private final double[] predicted;
  private final double[] hits;
  private double present;

  /** Of F1 of the classes that have rows. */
  private double sum;

  /** A search that begins at those thresholds. */
  F1Search(RowSample sample, double[] begin) {
    int classes = begin.length;
    this.sample = sample;
    this.thresholds = Arrays.stream(begin).map(Math::log).toArray();
    this.first = new int[sample.rows()];
    this.second = new int[sample.rows()];
    this.truth = new double[classes];
    this.predicted = new double[classes];
    this.hits = new double[classes];
    this.firstOf = new int[classes + 1];
    for (int c : sample.classes()) {
      if (c >= 0) {
        firstOf[c + 1]++;
      }
    }
    Arrays.parallelPrefix(firstOf, Integer::sum);
    this.slotsOf = new int[firstOf[classes]];
    int[] next = firstOf.clone();
    for (int slot = 0; slot < sample.classes().length; slot++) {
      int c = sample.classes()[slot];
      if (c >= 0) {
        slotsOf[next[c]++] = slot;
      }
    }
    for (int row = 0; row < sample.rows(); row++) {
      truth[sample.labels()[row]] += sample.weights()[row];
      rank(row);
      change(row, first[row], 1);
    }
    for (double weight : truth) {
      present += weight > 0 ? 1 : 0;
    }
  }

  /**
   * The thresholds, the largest of them 1.
   *
   * @param beforeStep throws to end the search
   */
  double[] thresholds(Runnable beforeStep) {
    for (int round = 0; round < MOST_ROUNDS && present > 0; round++) {
      // Added up anew, since changes leave roundings.
      sum = 0;
      for (int c = 0; c < truth.length; c++) {
        sum += f1(c);
      }
      double before = sum;
      double best = before;
      for (int c = thresholds.length - 1; c >= 0; c--) {
        beforeStep.run();
        best = improve(c, best);
      }
      if (best <= before + LEAST_GAIN * present) {
        break;
      }
    }
    double largest = Arrays.stream(thresholds).max().orElse(0);
    return Arrays.stream(thresholds)
        .map(log -> Math.max(BinaryThresholds.LEAST, Math.exp(log - largest)))
        .toArray();
  }

  /** Sets the threshold of one class to the best one, if that is better; the best sum of F1. */
  private double improve(int c, double best) {
    int count = firstOf[c + 1] - firstOf[c];
    long[] order = new long[count];
    for (int i = 0; i < count; i++) {
      int slot = slotsOf[firstOf[c] + i];
      int row = slot / sample.slots();
      int rival = rival(row, slot);
      // The row goes to c while c's threshold is below this.
      double needed = Math.min(HIGHEST, sample.logs()[slot] - value(rival));
      order[i] = ((HIGHEST_KEY - FloatOrder.key(needed)) << INDEX_BITS) | i;
      if (first[row] == slot) {
        change(row, slot, -1);
        change(row, rival, 1);
      }
    }
    Arrays.sort(order);
    double highest = best;
    double found = Double.NaN;
    for (int i = 0; i < count; i++) {
      int slot = slotsOf[firstOf[c] + (int) (order[i] & ((1L << INDEX_BITS) - 1))];
      int row = slot / sample.slots();
      change(row, rival(row, slot), -1);
      change(row, slot, 1);
      double here = needed(order[i]);
      double next = i + 1 < count ? needed(order[i + 1]) : here - 2 * Math.log(2);
      if (next < here && sum > highest + EQUAL) {
        highest = sum;
        found = (here + next) / 2;
      }
    }
    thresholds[c] = Double.isNaN(found) ? thresholds[c] : found;
    for (int i = firstOf[c]; i < firstOf[c + 1]; i++) {
      int row = slotsOf[i] / sample.slots();
      rank(row);
      if (first[row] != slotsOf[i]) {
        change(row, slotsOf[i], -1);
        change(row, first[row], 1);
      }
    }
    return highest;
  }

  private static double needed(long ordered) {
    return FloatOrder.value(HIGHEST_KEY - (ordered >>> INDEX_BITS));
  }

  /** The best slot of a row but for that one; -1 if there is no other. */
  private int rival(int row, int slot) {
    return first[row] == slot ? second[row] : first[row];
  }

  private double value(int slot) {
    return slot < 0
        ? Double.NEGATIVE_INFINITY
        : sample.logs()[slot] - thresholds[sample.classes()[slot]];
  }

  private void rank(int row) {
    first[row] = -1;
    second[row] = -1;
    for (int slot = row * sample.slots(); slot < (row + 1) * sample.slots(); slot++) {
      if (sample.classes()[slot] < 0) {
        continue;
      }
      if (first[row] < 0 || value(slot) > value(first[row])) {
        second[row] = first[row];
        first[row] = slot;
      } else if (second[row] < 0 || value(slot) > value(second[row])) {
        second[row] = slot;
      }
    }
  }

  /** A prediction more or less. */
  private void change(int row, int slot, int sign) {
    if (slot < 0) {
      return;
    }
    int c = sample.classes()[slot];
    sum -= f1(c);
    double weight = sign * (double) sample.weights()[row];
    predicted[c] += weight;
    hits[c] += c == sample.labels()[row] ? weight : 0;
    sum += f1(c);
  }

  private double f1(int c) {
    return truth[c] > 0 ? 2 * hits[c] / (truth[c] + predicted[c]) : 0;
  }
}
