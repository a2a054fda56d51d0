package io.sparkfocal.calibration;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Raw scores of rows whose class is known, whose softmax are the probabilities.
 *
 * <p>Rows are kept in an order of their content, so that no sum depends on the order of arrival.
 */
public final class ValidationScores {

  private final int[] labels;
  private final double[][] raw;
  private final double[] weights;

  /**
   * Keeps the rows.
   *
   * @param labels class of each row, from 0
   * @param raw scores of each row, one per class
   * @param weights of each row, not negative
   * @throws IllegalArgumentException if there are no rows, or not as many of each, or a row has not
   *     one score per class, or its label is none of the classes
   */
  public ValidationScores(int[] labels, double[][] raw, double[] weights) {
    if (labels.length == 0 || raw.length != labels.length || weights.length != labels.length) {
      throw new IllegalArgumentException(
          "%s labels, %s scores and %s weights of validation rows do not go together; mark at least one row for validation."
              .formatted(labels.length, raw.length, weights.length));
    }
    for (int row = 0; row < labels.length; row++) {
      requireRow(labels[row], raw[row], raw[0].length);
    }
    int[] order =
        IntStream.range(0, labels.length)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingInt(i -> labels[i])
                    .thenComparing(i -> raw[i], Arrays::compare)
                    .thenComparingDouble(i -> weights[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    this.labels = Arrays.stream(order).map(i -> labels[i]).toArray();
    this.raw = Arrays.stream(order).mapToObj(i -> raw[i].clone()).toArray(double[][]::new);
    this.weights = Arrays.stream(order).mapToDouble(i -> weights[i]).toArray();
  }

  private static void requireRow(int label, double[] scores, int classes) {
    if (scores.length != classes) {
      throw new IllegalArgumentException(
          "A validation row has %s scores and another has %s; give each row one per class."
              .formatted(scores.length, classes));
    }
    if (label < 0 || label >= classes) {
      throw new IllegalArgumentException(
          "A validation row has the label %s; with %s classes it must be from 0 to %s, so index the labels again."
              .formatted(label, classes, classes - 1));
    }
  }

  /** Whether the scores of any row of positive weight differ between classes. */
  boolean informative() {
    return IntStream.range(0, rows())
        .anyMatch(
            row -> weights[row] > 0 && Arrays.stream(raw[row]).anyMatch(z -> z != raw[row][0]));
  }

  int rows() {
    return labels.length;
  }

  int classes() {
    return raw[0].length;
  }

  int label(int row) {
    return labels[row];
  }

  double weight(int row) {
    return weights[row];
  }

  /** Raw score of a class. */
  double raw(int row, int c) {
    return raw[row][c];
  }

  /** Softmax of the scores over a temperature. */
  double[] probabilities(int row, double temperature) {
    double[] scores = Arrays.stream(raw[row]).map(z -> z / temperature).toArray();
    double logSum = logSumExp(scores);
    return Arrays.stream(scores).map(z -> Math.exp(z - logSum)).toArray();
  }

  static double logSumExp(double[] scores) {
    double largest = Arrays.stream(scores).max().orElse(0);
    return largest + Math.log(Arrays.stream(scores).map(z -> Math.exp(z - largest)).sum());
  }
}
