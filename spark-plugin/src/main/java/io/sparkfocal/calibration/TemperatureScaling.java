package io.sparkfocal.calibration;

/**
 * The one number that the scores are divided by to make the labels of validation rows most likely.
 *
 * <p>It changes how sure the model says it is, never which class it prefers.
 *
 * @see <a href="https://arxiv.org/abs/1706.04599">Guo et al., On Calibration of Modern Neural
 *     Networks, arXiv:1706.04599</a>
 */
public final class TemperatureScaling {

  private static final double COLDEST = 1e-2;
  private static final double HOTTEST = 1e2;
  private static final double PRECISION = 1e-10;

  private TemperatureScaling() {}

  /**
   * Finds it by bisection: the negative log likelihood is convex in its inverse.
   *
   * @return from 0.01 to 100; 1 where no row that counts tells classes apart, as any would do
   */
  public static double fit(ValidationScores scores) {
    if (!scores.informative()) {
      return 1;
    }
    double low = 1 / HOTTEST;
    double high = 1 / COLDEST;
    while (high - low > PRECISION * high) {
      double middle = (low + high) / 2;
      if (slope(scores, middle) > 0) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return 2 / (low + high);
  }

  /** Derivative of the negative log likelihood by the inverse temperature. */
  static double slope(ValidationScores scores, double inverse) {
    double sum = 0;
    for (int row = 0; row < scores.rows(); row++) {
      double[] p = scores.probabilities(row, 1 / inverse);
      double expected = 0;
      for (int c = 0; c < p.length; c++) {
        expected += p[c] * scores.raw(row, c);
      }
      sum += scores.weight(row) * (expected - scores.raw(row, scores.label(row)));
    }
    return sum;
  }
}
