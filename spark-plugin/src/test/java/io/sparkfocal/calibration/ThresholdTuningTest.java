package io.sparkfocal.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Looks at thresholds as a model applies them: to its own probabilities, the first of equals. */
class ThresholdTuningTest {

  private static double[] tuned(String goal, int[] labels, double[][] raw) {
    double[] ones = new double[labels.length];
    Arrays.fill(ones, 1);
    return new ValidationScores(labels, raw, ones).thresholds(goal, 1);
  }

  private static int predicted(double[] raw, double[] thresholds) {
    double[] p = LogitLink.probabilities(raw, raw.length);
    int best = 0;
    for (int c = 1; c < p.length; c++) {
      best = p[c] / thresholds[c] > p[best] / thresholds[best] ? c : best;
    }
    return best;
  }

  private static double macroF1(int[] labels, double[][] raw, double[] thresholds) {
    int classes = thresholds.length;
    double[] rows = new double[classes];
    double[] predictions = new double[classes];
    double[] hits = new double[classes];
    for (int i = 0; i < labels.length; i++) {
      int c = predicted(raw[i], thresholds);
      rows[labels[i]]++;
      predictions[c]++;
      hits[c] += c == labels[i] ? 1 : 0;
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += rows[c] == 0 ? 0 : 2 * hits[c] / (rows[c] + predictions[c]);
    }
    return sum / Arrays.stream(rows).filter(n -> n > 0).count();
  }

  private static double recallOfOne(int[] labels, double[][] raw, double[] thresholds) {
    double rows = 0;
    double hits = 0;
    for (int i = 0; i < labels.length; i++) {
      rows += labels[i];
      hits += labels[i] * predicted(raw[i], thresholds);
    }
    return rows == 0 ? 1 : hits / rows;
  }

  /** Whole scores times a scale, each row shifted: equal margins, but not to the last bit. */
  private static double[][] shifted(int[] labels, int classes, double scale, Random random) {
    double[][] raw = new double[labels.length][classes];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = random.nextInt(3) == 0 ? random.nextInt(classes) : 0;
      double shift = random.nextInt(7) * 0.1;
      for (int c = 0; c < classes; c++) {
        double lead = c == labels[i] ? 1 : 0;
        raw[i][c] = scale * Math.rint(random.nextGaussian() + lead) + shift;
      }
    }
    return raw;
  }

  @ParameterizedTest
  @ValueSource(doubles = {5, 30, 34, 40, 60, 300})
  void aConfidentFalseAlarmIsCutOff(double logit) {
    int[] labels = {1, 1, 0, 0};
    double[] logits = {logit + 5, logit + 6, logit, -3};
    double[][] raw =
        Arrays.stream(logits).mapToObj(x -> new double[] {-x / 2, x / 2}).toArray(double[][]::new);
    assertThat(macroF1(labels, raw, tuned("f1", labels, raw))).isEqualTo(1);
    assertThat(macroF1(labels, raw, tuned("recall=1", labels, raw))).isEqualTo(1);
  }

  @Test
  void theCutOfTwoClassesIsHalfwayBetweenProbabilities() {
    int[] labels = {1, 0, 0};
    double[][] raw = {{0, Math.log(0.9 / 0.1)}, {0, Math.log(0.7 / 0.3)}, {0, -40}};
    for (String goal : new String[] {"f1", "recall=0.5"}) {
      assertThat(tuned(goal, labels, raw)).containsExactly(new double[] {0.2, 0.8}, within(1e-12));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 20, 40, 80})
  void f1IsNeverWorseThanWithoutThresholdsEvenWhereProbabilitiesAreEqualOrRoundToOne(double scale) {
    Random random = new Random(11);
    for (int trial = 0; trial < 500; trial++) {
      int classes = 2 + random.nextInt(3);
      int[] labels = new int[1 + random.nextInt(30)];
      double[][] raw = shifted(labels, classes, scale, random);
      double[] none = new double[classes];
      Arrays.fill(none, 1);
      double[] thresholds = tuned("f1", labels, raw);
      assertThat(Arrays.stream(thresholds).allMatch(t -> t > 0 && t <= 1)).isTrue();
      assertThat(macroF1(labels, raw, thresholds))
          .as("trial %d", trial)
          .isGreaterThanOrEqualTo(macroF1(labels, raw, none) - 1e-12);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 20, 40, 80})
  void theRecallIsReachedEvenWhereProbabilitiesAreEqualOrRoundToOne(double scale) {
    Random random = new Random(12);
    for (int trial = 0; trial < 500; trial++) {
      int[] labels = new int[1 + random.nextInt(30)];
      double[][] raw = shifted(labels, 2, scale, random);
      double wanted = 1 - random.nextInt(10) / 10.0;
      double[] thresholds = tuned("recall=" + wanted, labels, raw);
      assertThat(Arrays.stream(thresholds).allMatch(t -> t > 0 && t <= 1)).isTrue();
      assertThat(recallOfOne(labels, raw, thresholds))
          .as("trial %d", trial)
          .isGreaterThanOrEqualTo(wanted - 1e-9);
    }
  }

  @Test
  void rowsThatDoNotTellClassesApartLeaveTheTemperatureAtOne() {
    double[][] flat = {{0, 0, 0}, {1, 1, 1}};
    assertThat(new ValidationScores(new int[] {0, 1}, flat, new double[] {1, 1}).temperature())
        .isEqualTo(1);
    double[][] weightless = {{0, 1}, {1, 0}};
    assertThat(
            new ValidationScores(new int[] {0, 1}, weightless, new double[] {0, 0}).temperature())
        .isEqualTo(1);
  }

  @Test
  void aClassWithoutAnyRowsIsFavouredByNoThreshold() {
    Random random = new Random(9);
    int rows = 400;
    int[] labels = new int[rows];
    double[][] raw = new double[rows][4];
    double[] ones = new double[rows];
    Arrays.fill(ones, 1);
    for (int row = 0; row < rows; row++) {
      labels[row] = row % 20 == 0 ? 2 : row % 3 == 0 ? 1 : 0;
      for (int c = 0; c < 4; c++) {
        raw[row][c] = random.nextGaussian() + (c == labels[row] ? 1 : 0) - (c == 3 ? 2 : 0);
      }
    }
    ValidationScores scores = new ValidationScores(labels, raw, ones);
    for (String text : new String[] {"f1", "recall=0.9"}) {
      double[] thresholds = scores.thresholds(text, 1, 200, 90, 10, 0);
      assertThat(thresholds[3]).isEqualTo(1);
      assertThat(Arrays.stream(thresholds).max().orElseThrow()).isEqualTo(1);
    }
    // It was trained on: not so.
    double[] thresholds = scores.thresholds("recall=0.9", 1, 200, 90, 10, 1);
    assertThat(thresholds[3]).isEqualTo(0.25);
  }
}
