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

class FocalLossTest {

  private static final double[][] LOGITS = {{2, -1, 0.5}, {0.5, 2, -1}, {1, 0, -1}, {0, 0, 3}};
  private static final long[] LABELS = {0, 2, 1, 2};

  @Test
  void defaultsAreGammaTwoAndWeightOne() {
    Kernels.Rows rows =
        Kernels.run(
            FocalLoss.builder().build(), DataType.FLOAT64, new double[][] {{2, -1, 0.5}}, 0);
    assertThat(rows.values()[0]).isCloseTo(0.0110927500914, within(1e-12));
    assertThat(rows.weights()).containsExactly(1);
  }

  @Test
  void eachRowIsScaledByTheWeightOfItsClass() {
    float[] alpha = {0.5f, 4f, 0f};
    Kernels.Rows plain = Kernels.run(FocalLoss.builder().build(), DataType.FLOAT64, LOGITS, LABELS);
    Kernels.Rows weighted =
        Kernels.run(FocalLoss.builder().optAlpha(alpha).build(), DataType.FLOAT64, LOGITS, LABELS);
    for (int i = 0; i < LABELS.length; i++) {
      double weight = alpha[Math.toIntExact(LABELS[i])];
      assertThat(weighted.weights()[i]).isEqualTo(weight);
      assertThat(weighted.values()[i]).isCloseTo(weight * plain.values()[i], within(1e-15));
      for (int j = 0; j < 3; j++) {
        assertThat(weighted.gradients()[i][j])
            .isCloseTo(weight * plain.gradients()[i][j], within(1e-15));
      }
    }
  }

  @Test
  void aSingleAlphaIsTheWeightOfEveryClass() {
    Kernels.Rows rows =
        Kernels.run(FocalLoss.builder().optAlpha(0.25f).build(), DataType.FLOAT32, LOGITS, LABELS);
    assertThat(rows.weights()).containsExactly(0.25, 0.25, 0.25, 0.25);
  }

  @Test
  void swappingClassesSwapsGradients() {
    FocalLoss loss = FocalLoss.builder().build();
    Kernels.Rows straight = Kernels.run(loss, DataType.FLOAT64, new double[][] {{2, -1, 0.5}}, 0);
    Kernels.Rows swapped = Kernels.run(loss, DataType.FLOAT64, new double[][] {{0.5, -1, 2}}, 2);
    double[] g = straight.gradients()[0];
    assertThat(swapped.values()).containsExactly(straight.values(), within(1e-16));
    assertThat(swapped.gradients()[0])
        .containsExactly(new double[] {g[2], g[1], g[0]}, within(1e-16));
  }

  @Test
  void addingTheSameNumberToEveryLogitChangesNothing() {
    FocalLoss loss = FocalLoss.builder().build();
    Kernels.Rows low = Kernels.run(loss, DataType.FLOAT64, new double[][] {{2, -1, 0.5}}, 1);
    Kernels.Rows high = Kernels.run(loss, DataType.FLOAT64, new double[][] {{66, 63, 64.5}}, 1);
    assertThat(high.values()).containsExactly(low.values(), within(1e-14));
    assertThat(high.gradients()[0]).containsExactly(low.gradients()[0], within(1e-14));
  }

  @Test
  void changingTheArrayAfterwardsDoesNotChangeTheLoss() {
    float[] alpha = {3f};
    FocalLoss.Builder builder = FocalLoss.builder().optAlpha(alpha);
    alpha[0] = 100f;
    FocalLoss loss = builder.build();
    builder.optGamma(0f).optAlpha(7f);
    Kernels.Rows rows = Kernels.run(loss, DataType.FLOAT64, new double[][] {{0, 0}}, 0);
    assertThat(rows.values()[0]).isCloseTo(3 * Math.log(2) / 4, within(1e-15));
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, Float.NaN, Float.POSITIVE_INFINITY})
  void gammaMustBeFiniteAndNotNegative(float gamma) {
    FocalLoss.Builder builder = FocalLoss.builder().optGamma(gamma);
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("Gamma must be finite and at least 0 but is " + gamma + ".");
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, Float.NaN, Float.POSITIVE_INFINITY})
  void alphaMustBeFiniteAndNotNegative(float alpha) {
    FocalLoss.Builder builder = FocalLoss.builder().optAlpha(1f, alpha);
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("Alpha must be finite and at least 0 but number 1 of 2 is " + alpha + ".");
  }

  @Test
  void alphaMustNotBeZeroForEveryClass() {
    FocalLoss.Builder builder = FocalLoss.builder().optAlpha(0f, 0f);
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("Alpha is 0 for every class, so that nothing is learned; set one above 0.");
  }

  @Test
  void alphaMustFitTheNumberOfClasses() {
    FocalLoss loss = FocalLoss.builder().optAlpha(1f, 2f).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Kernels.run(loss, DataType.FLOAT32, LOGITS, LABELS))
        .withMessage(
            "Alpha has 2 numbers but the logits have 3 classes; give one per class, one for all or none.");
  }

  @Test
  void oneLogitPerRowIsReferredToTheSigmoidLoss() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Kernels.run(
                    FocalLoss.builder().build(), DataType.FLOAT32, new double[][] {{1}, {2}}, 0, 0))
        .withMessage(
            "A softmax loss needs at least 2 classes but the logits have shape (2, 1); for one logit per row use SigmoidFocalLoss.");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 3})
  void aLabelThatIsNoClassIsAnErrorOfTheEngine(long label) {
    FocalLoss loss = FocalLoss.builder().optAlpha(1f, 2f, 3f).build();
    assertThatThrownBy(() -> Kernels.run(loss, DataType.FLOAT32, new double[][] {{1, 2, 3}}, label))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("index " + label + " is out of bounds");
  }
}
