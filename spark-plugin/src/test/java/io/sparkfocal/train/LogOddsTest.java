package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.calibration.LogitLink;
import org.junit.jupiter.api.Test;

class LogOddsTest {

  private static double[] odds(double... scores) {
    double[] odds = new double[scores.length];
    LogOdds.of(scores, odds);
    return odds;
  }

  @Test
  void theyAreThoseOfTheProbabilities() {
    double[] scores = {0.3, -5.8, 1.5, 1.5, 0, -5.5, -20};
    double[] p = LogitLink.probabilities(scores, 7);
    double[] odds = odds(scores);
    for (int c = 0; c < p.length; c++) {
      assertThat(odds[c]).isCloseTo(Math.log(p[c] / (1 - p[c])), within(1e-12));
    }
  }

  @Test
  void ofTwoClassesTheyAreTheMargin() {
    assertThat(odds(-0.75, 0.75)).containsExactly(new double[] {-1.5, 1.5}, within(1e-12));
  }

  /** There the probability is 1 or 0 in float64. */
  @Test
  void farScoresStayApart() {
    assertThat(odds(1000, 0, 0)[0]).isCloseTo(1000 - Math.log(2), within(1e-9));
    assertThat(odds(1001, 0, 0)[0]).isGreaterThan(odds(1000, 0, 0)[0]);
    assertThat(odds(1000, 0, 1)[1]).isCloseTo(-1000, within(1e-9));
  }
}
