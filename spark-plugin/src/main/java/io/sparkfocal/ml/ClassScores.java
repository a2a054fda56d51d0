package io.sparkfocal.ml;

import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * From probabilities to a class.
 *
 * @param thresholds one per class, or per label of several; null to predict the most probable
 *     class, or the labels with a probability of at least 0.5
 */
record ClassScores(double @Nullable [] thresholds) implements Serializable {

  private static final double HALF = 0.5;

  /**
   * Requires thresholds that a model of so many classes, or labels, can predict by.
   *
   * @throws IllegalArgumentException as the two below
   */
  static void requireThresholds(double[] thresholds, int classes, boolean isMultilabel) {
    if (isMultilabel) {
      requireLabelThresholds(thresholds, classes);
    } else {
      requireThresholds(thresholds, classes);
    }
  }

  /**
   * Requires thresholds that make a class of every row.
   *
   * @throws IllegalArgumentException if there is not one per class, or one is negative, or more
   *     than one is 0
   */
  private static void requireThresholds(double[] thresholds, int classes) {
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

  /**
   * Requires a threshold for each of several labels.
   *
   * @throws IllegalArgumentException if there is not one for each, or one is not from 0 to 1
   */
  private static void requireLabelThresholds(double[] thresholds, int labels) {
    if (thresholds.length != labels
        || Arrays.stream(thresholds).anyMatch(t -> !(t >= 0 && t <= 1))) {
      throw new IllegalArgumentException(
          "thresholds is %s; give one number from 0 to 1 for each of the %s labels."
              .formatted(Arrays.toString(thresholds), labels));
    }
  }

  /** The indices of those of several labels that are there, ascending. */
  double[] labels(double... probabilities) {
    return IntStream.range(0, probabilities.length)
        .filter(c -> probabilities[c] >= (thresholds == null ? HALF : thresholds[c]))
        .asDoubleStream()
        .toArray();
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
