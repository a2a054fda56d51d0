package io.sparkfocal.losses;

import java.util.Arrays;

/**
 * Class weights from class counts, for the {@code alpha} of any loss.
 *
 * <p>A class without rows has weight 0. The others are scaled so that a rare class weighs more than
 * a common one.
 */
public final class ClassBalance {

  /** Rows that a class without any counts as where a logarithm is needed. */
  private static final double FLOOR = 0.5;

  private ClassBalance() {}

  /**
   * Weights that give every class the same total: n / (k n_c), with n rows in k classes that have
   * rows.
   *
   * @param counts rows of each class
   * @throws IllegalArgumentException if a count is negative or all are 0
   */
  public static float[] balanced(long... counts) {
    requireCounts(counts);
    double rows = Arrays.stream(counts).sum();
    double classes = Arrays.stream(counts).filter(n -> n > 0).count();
    return weights(counts, n -> rows / (classes * n));
  }

  /**
   * Weights by the effective number of samples, (1 - beta) / (1 - beta^n_c), scaled to add up to
   * the number of classes that have rows.
   *
   * @param beta from 0 (no weights) to below 1 (towards {@link #balanced}); 0.9999 is usual
   * @param counts rows of each class
   * @throws IllegalArgumentException if beta is out of range, a count is negative or all are 0
   * @see <a href="https://arxiv.org/abs/1901.05555">Cui et al., Class-Balanced Loss Based on
   *     Effective Number of Samples, arXiv:1901.05555</a>
   */
  public static float[] effectiveNumber(double beta, long... counts) {
    if (!(beta >= 0 && beta < 1)) {
      throw new IllegalArgumentException(
          "Beta must be from 0 to below 1 but is %s.".formatted(beta));
    }
    requireCounts(counts);
    double logBeta = Math.log(beta);
    double sum = 0;
    double classes = 0;
    for (long n : counts) {
      if (n > 0) {
        sum += inverse((double) n, logBeta);
        classes++;
      }
    }
    double scale = classes / sum;
    return weights(counts, n -> scale * inverse(n, logBeta));
  }

  /** 1 / (1 - beta^n), without cancellation. */
  private static double inverse(double n, double logBeta) {
    return -1 / Math.expm1(n * logBeta);
  }

  private static float[] weights(long[] counts, java.util.function.DoubleUnaryOperator weight) {
    float[] weights = new float[counts.length];
    for (int i = 0; i < counts.length; i++) {
      weights[i] = counts[i] == 0 ? 0 : (float) weight.applyAsDouble((double) counts[i]);
    }
    return weights;
  }

  /**
   * Natural logarithm of each class's share of the rows.
   *
   * <p>A class without rows counts as half a row, since 0 has no logarithm; the shares add up to 1.
   *
   * @param counts rows of each class
   * @throws IllegalArgumentException if a count is negative or all are 0
   */
  public static float[] logPriors(long... counts) {
    requireCounts(counts);
    double rows = Arrays.stream(counts).mapToDouble(ClassBalance::rowsOrFloor).sum();
    float[] logs = new float[counts.length];
    for (int i = 0; i < counts.length; i++) {
      logs[i] = (float) Math.log(rowsOrFloor(counts[i]) / rows);
    }
    return logs;
  }

  private static double rowsOrFloor(long count) {
    return count == 0 ? FLOOR : (double) count;
  }

  static void requireCounts(long... counts) {
    if (counts.length == 0
        || Arrays.stream(counts).anyMatch(n -> n < 0)
        || Arrays.stream(counts).allMatch(n -> n == 0)) {
      throw new IllegalArgumentException(
          "Class counts must be at least 0 and not all 0 but are %s."
              .formatted(Arrays.toString(counts)));
    }
  }
}
