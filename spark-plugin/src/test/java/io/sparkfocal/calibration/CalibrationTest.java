package io.sparkfocal.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationTest {

  private static double[] ones(int rows) {
    double[] ones = new double[rows];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Rows whose labels are drawn from softmax(raw / temperature). */
  private static ValidationScores drawn(int rows, int classes, double temperature) {
    Random random = new Random(7);
    int[] labels = new int[rows];
    double[][] raw = new double[rows][classes];
    for (int i = 0; i < rows; i++) {
      for (int c = 0; c < classes; c++) {
        raw[i][c] = 3 * random.nextGaussian() - c;
      }
      double[] p =
          new ValidationScores(new int[] {0}, new double[][] {raw[i]}, ones(1))
              .probabilities(0, temperature);
      double u = random.nextDouble();
      while (u > p[labels[i]] && labels[i] < classes - 1) {
        u -= p[labels[i]++];
      }
    }
    return new ValidationScores(labels, raw, ones(rows));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 1, 3})
  void theTemperatureOfTheLabelsIsFound(double temperature) {
    ValidationScores scores = drawn(20_000, 3, temperature);
    double found = scores.temperature();
    assertThat(found).isCloseTo(temperature, within(0.05 * temperature));
    assertThat(TemperatureScaling.Slope.at(scores, 1 / found).first() / 20_000)
        .isCloseTo(0, within(1e-8));
    assertThat(scores.report(found).negativeLogLikelihood())
        .isLessThanOrEqualTo(scores.report(1.1 * found).negativeLogLikelihood())
        .isLessThanOrEqualTo(scores.report(0.9 * found).negativeLogLikelihood());
    assertThat(scores.report(found).expectedCalibrationError()).isLessThan(0.02);
  }

  @Test
  void rowsThatAreAllRightMakeItAsColdAsAllowed() {
    ValidationScores scores =
        new ValidationScores(new int[] {0, 1}, new double[][] {{1, 0}, {0, 1}}, ones(2));
    assertThat(scores.temperature()).isCloseTo(0.01, within(1e-6));
  }

  @Test
  void theReportIsThatOfTheDefinitions() {
    // Probabilities (0.5, 0.5) right once in three by weight, and (0.9, 0.1) always right.
    double z = Math.log(9);
    ValidationScores scores =
        new ValidationScores(
            new int[] {0, 1, 0}, new double[][] {{0, 0}, {0, 0}, {z, 0}}, new double[] {1, 2, 3});
    CalibrationReport report = scores.report(1);
    assertThat(report.rows()).isEqualTo(3);
    assertThat(report.negativeLogLikelihood())
        .isCloseTo((3 * Math.log(2) - 3 * Math.log(0.9)) / 6, within(1e-12));
    assertThat(report.balancedLogLikelihood())
        .isCloseTo(((Math.log(2) - 3 * Math.log(0.9)) / 4 + Math.log(2)) / 2, within(1e-12));
    // A tie is a prediction of the first class.
    double ece = (Math.abs(3 * 0.5 - 1) + Math.abs(3 * 0.9 - 3)) / 6;
    assertThat(report.expectedCalibrationError()).isCloseTo(ece, within(1e-12));
  }

  private static double[][] probabilities(ValidationScores scores) {
    double[][] p = new double[scores.rows()][];
    for (int i = 0; i < p.length; i++) {
      p[i] = scores.probabilities(i, 1);
    }
    return p;
  }

  @Test
  void forTwoClassesF1IsTheBestOfAllCuts() {
    Random random = new Random(3);
    for (int trial = 0; trial < 50; trial++) {
      int rows = 5 + random.nextInt(20);
      int[] labels = new int[rows];
      double[][] raw = new double[rows][2];
      for (int i = 0; i < rows; i++) {
        labels[i] = random.nextInt(5) == 0 ? 1 : 0;
        // Whole numbers, so that probabilities tie.
        raw[i][1] = Math.rint(2 * random.nextGaussian()) + labels[i] - 1;
      }
      ValidationScores scores = new ValidationScores(labels, raw, ones(rows));
      double best = 0;
      for (int cut = -12; cut <= 12; cut++) {
        double t = 1 / (1 + Math.exp(-(cut + 0.5)));
        best = Math.max(best, scores.macroF1(new double[] {1 - t, t}));
      }
      double found = scores.macroF1(scores.thresholds("f1", 1));
      assertThat(found).isCloseTo(best, within(1e-12));
    }
  }

  @Test
  void forManyClassesF1IsNotWorseThanWithoutThresholds() {
    ValidationScores scores = drawn(3000, 6, 0.7);
    double[] none = new double[6];
    Arrays.fill(none, 1);
    double[] tuned = scores.thresholds("f1", 1);
    assertThat(scores.macroF1(tuned)).isGreaterThan(scores.macroF1(none));
    assertThat(Arrays.stream(tuned).allMatch(t -> t > 0 && t <= 1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.9, 1})
  void theRecallIsReachedAndTheNextHigherCutMissesIt(double wanted) {
    ValidationScores scores = drawn(2000, 2, 2);
    double[] thresholds = scores.thresholds("recall=" + wanted, 1);
    assertThat(recallOfOne(scores, thresholds)).isGreaterThanOrEqualTo(wanted);
    double next = 1;
    for (double[] p : probabilities(scores)) {
      next = p[1] > thresholds[1] ? Math.min(next, p[1]) : next;
    }
    double above = next * (1 + 1e-9);
    assertThat(recallOfOne(scores, new double[] {1 - above, above})).isLessThan(wanted);
  }

  private static double recallOfOne(ValidationScores scores, double[] thresholds) {
    double rows = 0;
    double hits = 0;
    for (int i = 0; i < scores.rows(); i++) {
      double[] p = scores.probabilities(i, 1);
      if (scores.labels()[i] == 1) {
        rows++;
        hits += p[1] / thresholds[1] > p[0] / thresholds[0] ? 1 : 0;
      }
    }
    return hits / rows;
  }

  @Test
  void whatCannotBeTunedIsLeftNeutral() {
    ValidationScores one = new ValidationScores(new int[] {0}, new double[][] {{0, 0, 0}}, ones(1));
    double[] thresholds = one.thresholds("recall=0.9", 1);
    assertThat(thresholds[1]).isEqualTo(thresholds[2]).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(thresholds[0]).isPositive();
    assertThat(one.thresholds("f1", 1)).containsOnly(1);
  }

  @Test
  void otherTextsAreRefused() {
    assertThat(ThresholdTuning.parse("none")).isNull();
    for (String text : new String[] {"F1", "recall", "recall=", "recall=0", "recall=1.1"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ThresholdTuning.parse(text))
          .withMessage(
              "thresholdTuning is \"%s\"; it must be none, f1, or recall=R with R above 0 and at most 1."
                  .formatted(text));
    }
  }
}
