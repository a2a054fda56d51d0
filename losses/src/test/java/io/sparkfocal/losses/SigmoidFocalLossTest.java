package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SigmoidFocalLossTest {

  private static final double[][] TWO_ZEROS = {{0}, {0}};

  @Test
  void defaultsAreThoseOfThePaper() {
    Kernels.Rows rows =
        Kernels.run(SigmoidFocalLoss.builder().build(), DataType.FLOAT64, TWO_ZEROS, 0, 1);
    assertThat(rows.weights()).containsExactly(0.75, 0.25);
    assertThat(rows.values())
        .containsExactly(new double[] {0.129965096355, 0.043321698785}, within(1e-11));
  }

  @Test
  void bothWeightsCanBeChosen() {
    SigmoidFocalLoss loss = SigmoidFocalLoss.builder().optGamma(0f).optWeights(3f, 0.5f).build();
    Kernels.Rows rows = Kernels.run(loss, DataType.FLOAT64, TWO_ZEROS, 0, 1);
    assertThat(rows.weights()).containsExactly(3, 0.5);
    assertThat(rows.gradients()[0]).containsExactly(1.5);
    assertThat(rows.gradients()[1]).containsExactly(-0.25);
  }

  @ParameterizedTest
  @ValueSource(floats = {0f, 0.5f, 2f})
  void itEqualsTheSoftmaxLossOverTheLogitAndZero(float gamma) {
    double[][] single = {{1.5}, {-3}, {0.25}};
    double[][] pairs = {{0, 1.5}, {0, -3}, {0, 0.25}};
    Kernels.Rows sigmoid =
        Kernels.run(
            SigmoidFocalLoss.builder().optGamma(gamma).optWeights(2f, 3f).build(),
            DataType.FLOAT64,
            single,
            1,
            0,
            1);
    Kernels.Rows softmax =
        Kernels.run(
            FocalLoss.builder().optGamma(gamma).optAlpha(2f, 3f).build(),
            DataType.FLOAT64,
            pairs,
            1,
            0,
            1);
    assertThat(sigmoid.values()).containsExactly(softmax.values(), within(1e-15));
    for (int i = 0; i < single.length; i++) {
      assertThat(sigmoid.gradients()[i][0]).isCloseTo(softmax.gradients()[i][1], within(1e-15));
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, 1.1f, Float.NaN})
  void alphaMustBeAShare(float alpha) {
    SigmoidFocalLoss.Builder builder = SigmoidFocalLoss.builder();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.optAlpha(alpha))
        .withMessage(
            "Alpha must be from 0 to 1 but is " + alpha + "; for any other pair use optWeights.");
  }

  @Test
  void gammaAndWeightsAreChecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigmoidFocalLoss.builder().optGamma(-1f).build())
        .withMessage("Gamma must be finite and at least 0 but is -1.0.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigmoidFocalLoss.builder().optWeights(-2f, 1f).build())
        .withMessage("Alpha must be finite and at least 0 but number 0 of 2 is -2.0.");
  }

  @Test
  void severalLogitsPerRowAreOneAgainstTheRest() {
    ClassificationLoss loss = SigmoidFocalLoss.builder().build();
    Kernels.Rows both = Kernels.run(loss, DataType.FLOAT64, new double[][] {{1, 2}}, 1);
    Kernels.Rows rest = Kernels.run(loss, DataType.FLOAT64, new double[][] {{1}}, 0);
    Kernels.Rows own = Kernels.run(loss, DataType.FLOAT64, new double[][] {{2}}, 1);
    assertThat(both.values()[0]).isEqualTo(rest.values()[0] + own.values()[0]);
    assertThat(both.gradients()[0]).containsExactly(rest.gradients()[0][0], own.gradients()[0][0]);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 2})
  void aLabelOtherThanZeroAndOneIsAnErrorOfTheEngine(long label) {
    SigmoidFocalLoss loss = SigmoidFocalLoss.builder().build();
    assertThatThrownBy(() -> Kernels.run(loss, DataType.FLOAT32, new double[][] {{1}}, label))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("index " + label + " is out of bounds");
  }
}
