package io.sparkfocal.ml;

import java.io.Serializable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * From probabilities to a class.
 *
 * @param thresholds one per class; null to predict the most probable class
 */
record ClassScores(double @Nullable [] thresholds) implements Serializable {

  /**
   * Requires thresholds that make a class of every row.
   *
   * @throws IllegalArgumentException if there is not one per class, or one is negative, or more
   *     than one is 0
   */
  static void requireThresholds(double[] thresholds, int classes) {
    int zeros = 0;
    boolean allowed = thresholds.length == classes;
    for (double threshold : thresholds) {
      allowed &= threshold >= 0 && Double.isFinite(threshold);
      zeros += threshold == 0 ? 1 : 0;
    }
    if (!allowed || zeros > 1) {
      throw new IllegalArgumentException(
          "thresholds is %s; give one finite number of at least 0 for each of the %s classes, at most one of them 0."
              .formatted(Arrays.toString(thresholds), classes));
    }
  }

  /** The class with the largest probability, or probability / threshold as Spark ML does. */
  int predict(double[] probabilities) {
    int best = 0;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < probabilities.length; c++) {
      double score = score(probabilities[c], c);
      if (score > bestScore) {
        bestScore = score;
        best = c;
      }
    }
    return best;
  }

  private double score(double probability, int c) {
    if (thresholds == null) {
      return probability;
    }
    return thresholds[c] == 0
        ? (probability == 0 ? 0 : Double.POSITIVE_INFINITY)
        : probability / thresholds[c];
  }
}
