package io.sparkfocal.calibration;

import java.util.function.UnaryOperator;

/** Weights of rows by true and predicted class. */
public final class MacroF1 {

  private final int classes;

  /** Of rows of each class, of predictions of it, and of those that are right. */
  private final double[] sums;

  /** Without rows. */
  public MacroF1(int classes) {
    this.classes = classes;
    this.sums = new double[3 * classes];
  }

  /** The class with the largest p / threshold, the first of equals. */
  static int predicted(double[] p, double[] thresholds) {
    int best = 0;
    for (int c = 1; c < p.length; c++) {
      best = p[c] / thresholds[c] > p[best] / thresholds[best] ? c : best;
    }
    return best;
  }

  /** Adds a row. */
  public void add(int label, double weight, int prediction) {
    sums[label] += weight;
    sums[classes + prediction] += weight;
    sums[2 * classes + prediction] += prediction == label ? weight : 0;
  }

  /** As below, of ranks that make these calls. */
  double merge(ScoredRows rows) {
    return overRanks(own -> rows.merge(own, Double::sum));
  }

  /**
   * Mean F1 over the classes that have rows, of the rows of all ranks; 0 without rows.
   *
   * @param sum adds up values of this rank and the others
   */
  public double overRanks(UnaryOperator<double[]> sum) {
    return mean(sum.apply(sums), classes);
  }

  /**
   * Mean F1 over the classes that have rows; 0 without rows.
   *
   * @param all rows of each class, then predictions of each, then those that are right
   */
  public static double mean(double[] all, int classes) {
    double f1 = 0;
    int present = 0;
    for (int c = 0; c < classes; c++) {
      if (all[c] > 0) {
        f1 += 2 * all[2 * classes + c] / (all[c] + all[classes + c]);
        present++;
      }
    }
    return present == 0 ? 0 : f1 / present;
  }
}
