package io.sparkfocal.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Objects;
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
    double found = TemperatureScaling.fit(scores);
    assertThat(found).isCloseTo(temperature, within(0.05 * temperature));
    assertThat(TemperatureScaling.slope(scores, 1 / found) / 20_000).isCloseTo(0, within(1e-8));
    assertThat(CalibrationReport.of(scores, found).negativeLogLikelihood())
        .isLessThanOrEqualTo(CalibrationReport.of(scores, 1.1 * found).negativeLogLikelihood())
        .isLessThanOrEqualTo(CalibrationReport.of(scores, 0.9 * found).negativeLogLikelihood());
    assertThat(CalibrationReport.of(scores, found).expectedCalibrationError()).isLessThan(0.02);
  }

  @Test
  void rowsThatAreAllRightMakeItAsColdAsAllowed() {
    ValidationScores scores =
        new ValidationScores(new int[] {0, 1}, new double[][] {{1, 0}, {0, 1}}, ones(2));
    assertThat(TemperatureScaling.fit(scores)).isCloseTo(0.01, within(1e-6));
  }

  @Test
  void theReportIsThatOfTheDefinitions() {
    // Probabilities (0.5, 0.5) right once in three by weight, and (0.9, 0.1) always right.
    double z = Math.log(9);
    ValidationScores scores =
        new ValidationScores(
            new int[] {0, 1, 0}, new double[][] {{0, 0}, {0, 0}, {z, 0}}, new double[] {1, 2, 3});
    CalibrationReport report = CalibrationReport.of(scores, 1);
    assertThat(report.rows()).isEqualTo(3);
    assertThat(report.negativeLogLikelihood())
        .isCloseTo((3 * Math.log(2) - 3 * Math.log(0.9)) / 6, within(1e-12));
    assertThat(report.balancedLogLikelihood())
        .isCloseTo(((Math.log(2) - 3 * Math.log(0.9)) / 4 + Math.log(2)) / 2, within(1e-12));
    // A tie is a prediction of the first class.
    double ece = (Math.abs(3 * 0.5 - 1) + Math.abs(3 * 0.9 - 3)) / 6;
    assertThat(report.expectedCalibrationError()).isCloseTo(ece, within(1e-12));
  }

  @Test
  void theOrderOfArrivalDoesNotMatter() {
    ValidationScores scores = drawn(500, 3, 2);
    int[] labels = new int[500];
    double[][] raw = new double[500][];
    for (int i = 0; i < 500; i++) {
      labels[i] = scores.label(499 - i);
      raw[i] =
          new double[] {scores.raw(499 - i, 0), scores.raw(499 - i, 1), scores.raw(499 - i, 2)};
    }
    ValidationScores backwards = new ValidationScores(labels, raw, ones(500));
    assertThat(TemperatureScaling.fit(backwards)).isEqualTo(TemperatureScaling.fit(scores));
    assertThat(CalibrationReport.of(backwards, 1.3)).isEqualTo(CalibrationReport.of(scores, 1.3));
    ThresholdTuning f1 = Objects.requireNonNull(ThresholdTuning.parse("f1"));
    assertThat(f1.thresholds(backwards, 1)).isEqualTo(f1.thresholds(scores, 1));
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
    ThresholdTuning f1 = Objects.requireNonNull(ThresholdTuning.parse("f1"));
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
      double[][] p = probabilities(scores);
      double best = 0;
      for (int cut = -12; cut <= 12; cut++) {
        double t = 1 / (1 + Math.exp(-(cut + 0.5)));
        best = Math.max(best, ThresholdTuning.macroF1(scores, p, new double[] {1 - t, t}));
      }
      double found = ThresholdTuning.macroF1(scores, p, f1.thresholds(scores, 1));
      assertThat(found).isCloseTo(best, within(1e-12));
    }
  }

  @Test
  void forManyClassesF1IsNotWorseThanWithoutThresholds() {
    ThresholdTuning f1 = Objects.requireNonNull(ThresholdTuning.parse("f1"));
    ValidationScores scores = drawn(3000, 6, 0.7);
    double[][] p = probabilities(scores);
    double[] none = new double[6];
    Arrays.fill(none, 1);
    double[] tuned = f1.thresholds(scores, 1);
    assertThat(ThresholdTuning.macroF1(scores, p, tuned))
        .isGreaterThan(ThresholdTuning.macroF1(scores, p, none));
    assertThat(Arrays.stream(tuned).allMatch(t -> t > 0 && t <= 1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.9, 1})
  void theRecallIsReachedAndTheNextHigherCutMissesIt(double wanted) {
    ValidationScores scores = drawn(2000, 2, 2);
    double[] thresholds =
        Objects.requireNonNull(ThresholdTuning.parse("recall=" + wanted)).thresholds(scores, 1);
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
      if (scores.label(i) == 1) {
        rows++;
        hits += p[1] / thresholds[1] > p[0] / thresholds[0] ? 1 : 0;
      }
    }
    return hits / rows;
  }

  @Test
  void whatCannotBeTunedIsLeftNeutral() {
    ValidationScores one = new ValidationScores(new int[] {0}, new double[][] {{0, 0, 0}}, ones(1));
    double[] thresholds =
        Objects.requireNonNull(ThresholdTuning.parse("recall=0.9")).thresholds(one, 1);
    assertThat(thresholds[1]).isEqualTo(thresholds[2]).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(thresholds[0]).isPositive();
    assertThat(Objects.requireNonNull(ThresholdTuning.parse("f1")).thresholds(one, 1))
        .containsOnly(1);
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
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ValidationScores(new int[0], new double[0][], new double[0]))
        .withMessageStartingWith("0 labels, 0 scores and 0 weights");
  }
}
