package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values and gradients computed once with 60 digits; the literals carry 12. */
class ReferenceValuesTest {

  @SuppressWarnings("ArrayRecordComponent")
  record Reference(
      String name,
      ClassificationLoss loss,
      double[] logits,
      long label,
      double value,
      double... gradient) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Reference softmax(
      double[] logits, long label, float gamma, float alpha, double value, double... gradient) {
    String name = "softmax %s label %d gamma %s".formatted(Arrays.toString(logits), label, gamma);
    ClassificationLoss loss = FocalLoss.builder().optGamma(gamma).optAlpha(alpha).build();
    return new Reference(name, loss, logits, label, value, gradient);
  }

  private static Reference sigmoid(
      double logit, long label, float gamma, float alpha, double value, double gradient) {
    String name = "sigmoid %s label %d gamma %s".formatted(logit, label, gamma);
    ClassificationLoss loss = SigmoidFocalLoss.builder().optGamma(gamma).optAlpha(alpha).build();
    return new Reference(name, loss, new double[] {logit}, label, value, gradient);
  }

  private static double[] z(double... logits) {
    return logits;
  }

  static Stream<Reference> softmaxReferences() {
    double[] three = z(2, -1, 0.5);
    return Stream.of(
        softmax(
            z(1, 0, -1),
            2,
            2f,
            0.25f,
            0.498401133645,
            0.203319410685,
            0.0747970311823,
            -0.278116441868),
        softmax(
            three, 0, 2f, 1f, 0.0110927500914, -0.0272846740804, 0.00497742096101, 0.0223072531194),
        softmax(three, 1, 2f, 1f, 2.99271778208, 0.916744308815, -1.12129761326, 0.204553304441),
        softmax(three, 1, 0f, 1f, 3.24131129666, 0.785597034589, -0.960887426729, 0.17529039214),
        softmax(
            three,
            0,
            5f,
            1f,
            1.0932804755e-4,
            -5.2657595877e-4,
            9.60608951025e-5,
            4.30515063668e-4),
        softmax(z(0, 0), 0, 0.5f, 1f, 0.490129071734, -0.476085658527, 0.476085658527),
        softmax(z(20, 0), 0, 0.5f, 1f, 9.35762294955e-14, -1.4036434405e-13, 1.4036434405e-13),
        softmax(z(1e4, -1e4, 0), 2, 2f, 1f, 10000, 1, 0, -1));
  }

  static Stream<Reference> sureSoftmaxReferences() {
    return Stream.of(0f, 0.5f, 1f, 2f, 5f)
        .flatMap(
            gamma ->
                Stream.of(
                    softmax(z(1000, -1000), 1, gamma, 1f, 2000, 1, -1),
                    softmax(z(1000, -1000), 0, gamma, 1f, 0, 0, 0)));
  }

  static Stream<Reference> sigmoidReferences() {
    return Stream.of(
        sigmoid(0, 1, 2f, 0.25f, 0.043321698785, -0.074571698785),
        sigmoid(0, 0, 2f, 0.25f, 0.129965096355, 0.223715096355),
        sigmoid(1.5, 0, 2f, 0.25f, 0.852954236714, 0.721068515603),
        sigmoid(-3, 1, 0.5f, 0.25f, 0.743854582413, -0.250066834961),
        sigmoid(0.5, 1, 0f, 0.25f, 0.118519246045, -0.0943851671995),
        sigmoid(-2, 0, 5f, 0.75f, 7.63716177855e-7, 4.08062979472e-6),
        sigmoid(-1000, 1, 2f, 0.25f, 250, -0.25),
        sigmoid(1000, 0, 5f, 0.25f, 750, 0.75));
  }

  @ParameterizedTest
  @MethodSource({"softmaxReferences", "sureSoftmaxReferences", "sigmoidReferences"})
  void doublesAgreeToNineDigits(Reference reference) {
    agrees(reference, DataType.FLOAT64, 1e-9);
  }

  @ParameterizedTest
  @MethodSource({"softmaxReferences", "sureSoftmaxReferences", "sigmoidReferences"})
  void floatsAgreeToSixDigits(Reference reference) {
    agrees(reference, DataType.FLOAT32, 1e-6);
  }

  private static void agrees(Reference reference, DataType dataType, double tolerance) {
    Kernels.Rows rows =
        Kernels.run(
            reference.loss(), dataType, new double[][] {reference.logits()}, reference.label());
    assertThat(rows.values()).hasSize(1);
    assertThat(rows.values()[0])
        .isCloseTo(reference.value(), within(tolerance * reference.value()));
    double largest = Arrays.stream(reference.gradient()).map(Math::abs).max().orElseThrow();
    assertThat(rows.gradients()[0])
        .containsExactly(reference.gradient(), within(tolerance * largest));
  }
}
