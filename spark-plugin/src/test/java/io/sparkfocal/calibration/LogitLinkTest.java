package io.sparkfocal.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogitLinkTest {

  private static final Random RANDOM = new Random(5);

  private static float[] logits(int outputs) {
    float[] logits = new float[outputs];
    for (int i = 0; i < outputs; i++) {
      logits[i] = (float) (10 * RANDOM.nextGaussian());
    }
    return logits;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 1, 2.5})
  void theScoresOfTwoLogitsAreMinusAndPlusHalfTheirMargin(double temperature) {
    LogitLink link = new LogitLink(false, temperature, new double[] {0.5, -2});
    for (int trial = 0; trial < 100; trial++) {
      float[] z = logits(2);
      double margin = ((double) z[1] - 2 - (z[0] + 0.5)) / temperature;
      double[] raw = link.raw(z, 0, 2);
      assertThat(raw[1]).isCloseTo(margin / 2, within(1e-12));
      assertThat(raw[0]).isEqualTo(-raw[1]);
      assertThat(LogitLink.probabilities(raw, 2)[1]).isCloseTo(sigmoid(margin), within(1e-14));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 1, 2.5})
  void soAreThoseOfTwoSigmoids(double temperature) {
    LogitLink link = new LogitLink(true, temperature, new double[0]);
    for (int trial = 0; trial < 100; trial++) {
      float[] z = logits(2);
      double[] raw = link.raw(z, 0, 2);
      double zero = Math.pow(sigmoid(z[0]), 1 / temperature);
      double one = Math.pow(sigmoid(z[1]), 1 / temperature);
      assertThat(raw[0]).isEqualTo(-raw[1]);
      assertThat(LogitLink.probabilities(raw, 2)[1]).isCloseTo(one / (zero + one), within(1e-12));
    }
  }

  @Test
  void oneLogitIsTheMarginItself() {
    double[] raw = new LogitLink(true, 2, new double[] {1}).raw(new float[] {9, 3, 9}, 1, 1);
    assertThat(raw).containsExactly(-2, 2);
    assertThat(LogitLink.probabilities(raw, 1)[1]).isCloseTo(sigmoid(2), within(1e-15));
  }

  @Test
  void moreLogitsAreScoresThemselves() {
    double[] raw = new LogitLink(false, 2, new double[] {0, 1, 0}).raw(new float[] {4, 3, 2}, 0, 3);
    assertThat(raw).containsExactly(2, 2, 1);
    double[] p = LogitLink.probabilities(raw, 3);
    assertThat(Arrays.stream(p).sum()).isCloseTo(1, within(1e-15));
  }

  @Test
  void temperatureAndThresholdsAreThoseOfTheLogits() {
    LogitLink link = LogitLink.plain(false);
    int[] labels = new int[500];
    double[] ones = new double[500];
    Arrays.fill(ones, 1);
    double[][] logits = new double[500][2];
    double[][] raw = new double[500][];
    for (int row = 0; row < 500; row++) {
      labels[row] = RANDOM.nextInt(10) == 0 ? 1 : 0;
      float[] z = logits(2);
      z[1] += 20 * labels[row] - 10;
      logits[row] = new double[] {z[0], z[1]};
      raw[row] = LogitLink.softmaxSpace(link.raw(z, 0, 2), 2);
    }
    ValidationScores ofLogits = new ValidationScores(labels, logits, ones);
    ValidationScores ofScores = new ValidationScores(labels, raw, ones);
    double temperature = ofLogits.temperature();
    assertThat(temperature).isBetween(2.0, 99.0);
    assertThat(ofScores.temperature()).isCloseTo(temperature, within(1e-6));
    for (String text : new String[] {"f1", "recall=0.9"}) {
      double[] expected = ofLogits.thresholds(text, temperature);
      double[] found = ofScores.thresholds(text, temperature);
      assertThat(found[1] / found[0]).isCloseTo(expected[1] / expected[0], within(1e-9));
    }
    assertThat(ofScores.report(1).negativeLogLikelihood())
        .isCloseTo(ofLogits.report(1).negativeLogLikelihood(), within(1e-12));
  }
}
