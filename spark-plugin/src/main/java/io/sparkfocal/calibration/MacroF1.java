package io.sparkfocal.calibration;

/** Weights of rows by true and predicted class. */
final class MacroF1 {

  private final int classes;

  /** Of rows of each class, of predictions of it, and of those that are right. */
  private final double[] sums;

  MacroF1(int classes) {
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

  void add(int label, double weight, int prediction) {
    sums[label] += weight;
    sums[classes + prediction] += weight;
    sums[2 * classes + prediction] += prediction == label ? weight : 0;
  }

  /** Mean F1 over the classes that have rows, of the rows of all ranks. */
  double merge(ScoredRows rows) {
    double[] all = rows.merge(sums, Double::sum);
    double sum = 0;
    int present = 0;
    for (int c = 0; c < classes; c++) {
      if (all[c] > 0) {
        sum += 2 * all[2 * classes + c] / (all[c] + all[classes + c]);
        present++;
      }
    }
    return present == 0 ? 0 : sum / present;
  }
}
