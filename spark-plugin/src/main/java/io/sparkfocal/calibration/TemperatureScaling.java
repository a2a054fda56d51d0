package io.sparkfocal.calibration;

/**
 * The one number that the scores are divided by to make the labels of validation rows most likely.
 *
 * <p>It changes how sure the model says it is, never which class it prefers.
 *
 * @see <a href="https://arxiv.org/abs/1706.04599">Guo et al., On Calibration of Modern Neural
 *     Networks, arXiv:1706.04599</a>
 */
final class TemperatureScaling {

  private static final double COLDEST = 1e-2;
  private static final double HOTTEST = 1e2;

  /** A step of Newton's so small leaves an error of its square. */
  private static final double PRECISION = 1e-6;

  private static final int MOST_PASSES = 12;
  private static final double LARGEST_STEP = 8;

  private TemperatureScaling() {}

  /**
   * Finds it by Newton's method on the inverse, in which the negative log likelihood is convex,
   * kept between the inverses that are known to be too low and too high; {@value #MOST_PASSES}
   * passes over the rows at most.
   *
   * @return from 0.01 to 100; 1 where no row that counts tells classes apart, as any would do
   */
  static double fit(ScoredRows rows) {
    double low = 1 / HOTTEST;
    double high = 1 / COLDEST;
    boolean isBelow = false;
    boolean isAbove = false;
    double inverse = 1;
    double lastStep = Double.POSITIVE_INFINITY;
    for (int pass = 0; pass < MOST_PASSES; pass++) {
      Slope slope = Slope.at(rows, inverse);
      if (slope.informative == 0) {
        return 1;
      }
      if (slope.first == 0) {
        break;
      }
      if (slope.first > 0) {
        high = inverse;
        isAbove = true;
      } else {
        low = inverse;
        isBelow = true;
      }
      if (low == 1 / COLDEST || high == 1 / HOTTEST) {
        break;
      }
      double next = inverse - slope.first / slope.second;
      if (isBelow && isAbove) {
        next = next > low && next < high ? next : Math.sqrt(low * high);
      } else {
        // Where the slope falls for ever, as that of rows that are all right, steps do not shrink.
        double up = slope.first < 0 ? LARGEST_STEP : 1 / LARGEST_STEP;
        boolean shrinks = Math.abs(next - inverse) < lastStep / 2;
        boolean isSmall = next < LARGEST_STEP * inverse && next > inverse / LARGEST_STEP;
        next = shrinks && isSmall ? next : up * inverse;
        next = Math.max(1 / HOTTEST, Math.min(1 / COLDEST, next));
      }
      lastStep = Math.abs(next - inverse);
      boolean isClose = Math.abs(next - inverse) <= PRECISION * inverse;
      inverse = next;
      if (isClose) {
        break;
      }
    }
    return 1 / inverse;
  }

  /**
   * Of the negative log likelihood, by the inverse temperature.
   *
   * @param informative weight of rows whose scores differ between classes
   */
  record Slope(double first, double second, double informative) {

    static Slope at(ScoredRows rows, double inverse) {
      double[] sums = new double[3];
      rows.forEach(
          (label, weight, scores) -> {
            double largest = scores[0];
            double smallest = scores[0];
            for (double score : scores) {
              largest = Math.max(largest, score);
              smallest = Math.min(smallest, score);
            }
            double all = 0;
            double mean = 0;
            double square = 0;
            for (double score : scores) {
              // By the distance to the largest, so that large scores leave digits to the variance.
              double under = score - largest;
              double e = Math.exp(inverse * under);
              all += e;
              mean += e * under;
              square += e * under * under;
            }
            mean /= all;
            sums[0] += weight * (mean - (scores[label] - largest));
            sums[1] += weight * Math.max(0, square / all - mean * mean);
            sums[2] += largest > smallest ? weight : 0;
          });
      double[] all = rows.merge(sums, Double::sum);
      return new Slope(all[0], all[1], all[2]);
    }
  }
}
