package io.sparkfocal.calibration;

import java.util.Arrays;

/** Sums over the validation rows of all ranks, by class and by how sure the model is. */
final class ClassTotals {

  private static final int BINS = 15;

  private final int classes;
  private final double temperature;

  /** Rows, weights and -log(p) of each class, then the sums of each bin. */
  private final double[] sums;

  private ClassTotals(int classes, double temperature, double[] sums) {
    this.classes = classes;
    this.temperature = temperature;
    this.sums = sums;
  }

  /**
   * One pass over the rows.
   *
   * @throws IllegalStateException if a score is not finite
   */
  static ClassTotals of(ScoredRows rows, int classes, double temperature) {
    double[] own = new double[3 * classes + 2 * BINS];
    rows.forEach(
        (label, weight, scores) -> {
          int best = 0;
          for (int c = 1; c < classes; c++) {
            best = scores[c] > scores[best] ? c : best;
          }
          double logSum = Softmax.logSumExp(scores, temperature);
          double top = Math.exp(scores[best] / temperature - logSum);
          if (!Double.isFinite(logSum)) {
            throw new IllegalStateException(
                "The scores of a validation row are not finite; lower learningRate.");
          }
          own[label]++;
          own[classes + label] += weight;
          own[2 * classes + label] += weight * (logSum - scores[label] / temperature);
          int bin = 3 * classes + 2 * Math.min(BINS - 1, (int) (top * BINS));
          own[bin] += weight * top;
          own[bin + 1] += best == label ? weight : 0;
        });
    return new ClassTotals(classes, temperature, rows.merge(own, Double::sum));
  }

  /** How many rows a class has. */
  double rows(int c) {
    return sums[c];
  }

  double weight(int c) {
    return sums[classes + c];
  }

  CalibrationReport report() {
    double balanced = 0;
    int present = 0;
    for (int c = 0; c < classes; c++) {
      if (weight(c) > 0) {
        balanced += sums[2 * classes + c] / weight(c);
        present++;
      }
    }
    double error = 0;
    for (int bin = 3 * classes; bin < sums.length; bin += 2) {
      error += Math.abs(sums[bin] - sums[bin + 1]);
    }
    double divisor = Math.max(sum(classes), Double.MIN_NORMAL);
    return new CalibrationReport(
        sum(2 * classes) / divisor,
        balanced / Math.max(1, present),
        error / divisor,
        (long) sum(0),
        temperature);
  }

  private double sum(int from) {
    return Arrays.stream(sums, from, from + classes).sum();
  }
}
