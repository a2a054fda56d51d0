package io.sparkfocal.train;

/** The logarithm of p / (1 - p), which does not round to nothing where p is near 0 or 1. */
final class LogOdds {

  /** Below this, log(1 - p) is that of three terms of its series to 12 digits after the point. */
  private static final double SMALL = 1e-3;

  private LogOdds() {}

  /**
   * Of each class against all others.
   *
   * @param scores two or more, whose softmax are the probabilities
   * @param into as many
   */
  static void of(double[] scores, double[] into) {
    int best = 0;
    for (int c = 1; c < scores.length; c++) {
      best = scores[c] > scores[best] ? c : best;
    }
    double second = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < scores.length; c++) {
      second = c == best ? second : Math.max(second, scores[c]);
    }
    double rest = 0;
    for (int c = 0; c < scores.length; c++) {
      into[c] = c == best ? 0 : Math.exp(scores[c] - second);
      rest += into[c];
    }
    double scale = Math.exp(second - scores[best]);
    double sum = 1 + rest * scale;
    double logSum = scores[best] + Math.log(sum);
    for (int c = 0; c < scores.length; c++) {
      into[c] =
          c == best
              ? scores[c] - second - Math.log(rest)
              : scores[c] - logSum - logOfRest(into[c] * scale / sum);
    }
  }

  /** log(1 - p) of a probability up to 1/2. */
  private static double logOfRest(double p) {
    return p < SMALL ? -p * (1 + p * (0.5 + p / 3)) : Math.log(1 - p);
  }
}
