package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.calibration.LogitLink;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Slopes are those of the value, by central differences. */
class ExplainedScoreTest {

  @ParameterizedTest
  @CsvSource({
    "1,true,0",
    "1,true,1",
    "2,false,0",
    "2,false,1",
    "2,true,1",
    "3,false,2",
    "3,true,0",
    "3,true,1"
  })
  void slopesAreThoseOfTheValue(int outputs, boolean sigmoid, int c) {
    double[] offsets = {0.3, -0.2, 0.1};
    LogitLink link = new LogitLink(sigmoid, 1.7, java.util.Arrays.copyOf(offsets, outputs));
    ExplainedScore score = new ExplainedScore(link, outputs);
    float[] logits = {9, 9, 9, 0.4f, -1.3f, 0.9f};
    float[] slopes = new float[6];
    score.slopes(logits, 3, c, slopes);
    assertThat(slopes).startsWith(0, 0, 0);
    for (int i = 0; i < outputs; i++) {
      float[] above = logits.clone();
      float[] below = logits.clone();
      above[3 + i] += 0.01f;
      below[3 + i] -= 0.01f;
      double step = (double) above[3 + i] - below[3 + i];
      double difference = score.value(above, 3, c) - score.value(below, 3, c);
      assertThat((double) slopes[3 + i]).isCloseTo(difference / step, within(1e-4));
    }
  }
}
