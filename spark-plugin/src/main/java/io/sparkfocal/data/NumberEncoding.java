package io.sparkfocal.data;

import java.io.Serializable;
import java.util.Arrays;

/**
 * A number as two inputs of a network: its normal score, and its distance from the median, bounded.
 *
 * <p>The score is linear between knots, which are values of the training rows, and constant beyond
 * the first and last. The distance r = (x - median) scale becomes r / sqrt(1 + (r / 3)^2), as in
 * RealMLP (Holzmueller et al. 2024, arXiv 2407.04491). A number that never varied has no knots, and
 * both inputs are 0.
 *
 * @param knots ascending
 * @param scores normal scores there, of mean 0 and deviation 1 over the training rows
 * @param median of the training rows
 * @param scale 1 over their interquartile range, or 2 over their range where that is 0
 * @param exact whether float32 does not hold the differences of the values, so that they are not
 *     narrowed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record NumberEncoding(
    double[] knots, double[] scores, double median, double scale, boolean exact)
    implements Serializable {

  /** In interquartile ranges: farther values are told apart less and less. */
  private static final double BOUND = 3;

  /** The normal score; NaN for NaN. */
  public float score(double given) {
    double value = exact ? given : (float) given;
    if (Double.isNaN(value)) {
      return Float.NaN;
    }
    int last = knots.length - 1;
    if (last < 0) {
      return 0;
    }
    int at = Arrays.binarySearch(knots, value);
    if (at >= 0) {
      return (float) scores[at];
    }
    int above = -at - 1;
    if (above == 0 || above > last) {
      return (float) scores[above == 0 ? 0 : last];
    }
    double part = (value - knots[above - 1]) / (knots[above] - knots[above - 1]);
    return (float) (scores[above - 1] + part * (scores[above] - scores[above - 1]));
  }

  /** The bounded distance from the median; NaN for NaN. */
  public float distance(double given) {
    double r = ((exact ? given : (float) given) - median) * scale;
    return Double.isInfinite(r)
        ? (float) Math.copySign(BOUND, r)
        : (float) (r / Math.sqrt(1 + r * r / (BOUND * BOUND)));
  }
}
