package io.sparkfocal.calibration;

/** Of scores over a temperature. */
final class Softmax {

  private Softmax() {}

  /** log(sum(exp(scores / temperature))). */
  static double logSumExp(double[] scores, double temperature) {
    double largest = largest(scores);
    double sum = 0;
    for (double score : scores) {
      sum += Math.exp((score - largest) / temperature);
    }
    return largest / temperature + Math.log(sum);
  }

  /** Probabilities of the classes, as {@link LogitLink#probabilities} makes them. */
  static void probabilities(double[] scores, double temperature, double[] into) {
    double largest = largest(scores);
    double sum = 0;
    for (int c = 0; c < into.length; c++) {
      into[c] = Math.exp((scores[c] - largest) / temperature);
      sum += into[c];
    }
    for (int c = 0; c < into.length; c++) {
      into[c] /= sum;
    }
  }

  private static double largest(double[] scores) {
    double largest = scores[0];
    for (double score : scores) {
      largest = Math.max(largest, score);
    }
    return largest;
  }
}
