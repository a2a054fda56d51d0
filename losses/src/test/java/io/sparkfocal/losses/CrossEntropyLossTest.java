package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import org.junit.jupiter.api.Test;

class CrossEntropyLossTest {

  @Test
  void equalLogitsOfFourClassesCostTheLogarithmOfFour() {
    Kernels.Rows rows =
        Kernels.run(
            CrossEntropyLoss.builder().build(), DataType.FLOAT64, new double[][] {{3, 3, 3, 3}}, 2);
    assertThat(rows.values()[0]).isCloseTo(Math.log(4), within(1e-15));
    assertThat(rows.gradients()[0])
        .containsExactly(new double[] {0.25, 0.25, -0.75, 0.25}, within(1e-15));
    assertThat(rows.weights()).containsExactly(1);
  }

  @Test
  void probabilitiesOfThreeToOneGiveHandComputedWeightedValues() {
    // Logits (ln 3, 0): probabilities 3/4 and 1/4.
    double[] row = {Math.log(3), 0};
    Kernels.Rows rows =
        Kernels.run(
            CrossEntropyLoss.builder().optAlpha(2f, 8f).build(),
            DataType.FLOAT64,
            new double[][] {row, row},
            0,
            1);
    assertThat(rows.values())
        .containsExactly(new double[] {2 * Math.log(4. / 3), 8 * Math.log(4)}, within(1e-14));
    assertThat(rows.gradients()[0]).containsExactly(new double[] {-0.5, 0.5}, within(1e-15));
    assertThat(rows.gradients()[1]).containsExactly(new double[] {6, -6}, within(1e-14));
    assertThat(rows.weights()).containsExactly(2, 8);
  }

  @Test
  void itIsTheFocalLossOfGammaZero() {
    double[][] logits = {{2, -1, 0.5}, {0, 0, 0}, {-17, 17, 3}, {1e4, -1e4, 0}};
    long[] labels = {1, 2, 0, 2};
    Kernels.Rows plain =
        Kernels.run(
            CrossEntropyLoss.builder().optAlpha(1f, 2f, 0.5f).build(),
            DataType.FLOAT64,
            logits,
            labels);
    Kernels.Rows focal =
        Kernels.run(
            FocalLoss.builder().optGamma(0f).optAlpha(1f, 2f, 0.5f).build(),
            DataType.FLOAT64,
            logits,
            labels);
    for (int i = 0; i < logits.length; i++) {
      assertThat(plain.values()[i])
          .isCloseTo(focal.values()[i], within(1e-15 + 1e-14 * focal.values()[i]));
      assertThat(plain.gradients()[i]).containsExactly(focal.gradients()[i], within(1e-14));
    }
  }

  @Test
  void alphaMustFitTheNumberOfClasses() {
    CrossEntropyLoss loss = CrossEntropyLoss.builder().optAlpha(1f, 2f, 3f).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Kernels.run(loss, DataType.FLOAT32, new double[][] {{1, 2}}, 0))
        .withMessageContaining("Alpha has 3 numbers but the logits have 2 classes");
  }

  @Test
  void oneClassIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Kernels.run(
                    CrossEntropyLoss.builder().build(), DataType.FLOAT32, new double[][] {{1}}, 0))
        .withMessageContaining("needs at least 2 classes");
  }
}
