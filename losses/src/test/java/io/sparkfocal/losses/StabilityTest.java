package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits where exponentials overflow, underflow or cancel. */
class StabilityTest {

  private static final double[] EXTREMES = {0, 17, -17, 88, -88, 104, -104, 1e3, -1e3, 1e4, -1e4};

  private static final double[][] TRIPLES = triples();

  static Stream<ClassificationLoss> softmaxLosses() {
    return Stream.concat(
        Stream.of(0f, 0.5f, 1f, 2f, 5f).map(gamma -> FocalLoss.builder().optGamma(gamma).build()),
        Stream.of(CrossEntropyLoss.builder().build()));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-3, -10, -12, -15.5, -40})
  void smallSigmoidCrossEntropiesKeepTheirDigits(double x) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = Kernels.matrix(manager, DataType.FLOAT32, new double[][] {{x}, {-x}});
      NDArray labels = manager.create(new long[] {0, 1});
      double expected = Math.log1p(Math.exp(x));
      for (ClassificationLoss loss :
          new ClassificationLoss[] {new SigmoidCrossEntropyLoss(), new VarifocalLoss(1, 0)}) {
        RowLosses rows = loss.prepare(manager, DataType.FLOAT32).evaluate(logits, labels);
        for (float value : rows.values().toFloatArray()) {
          assertThat((double) value).isCloseTo(expected, within(1e-6 * expected));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("softmaxLosses")
  void softmaxLossesAreFiniteAndFloatsFollowDoubles(ClassificationLoss loss) {
    for (long label = 0; label < 3; label++) {
      long[] labels = new long[TRIPLES.length];
      Arrays.fill(labels, label);
      floatsFollowDoubles(loss, TRIPLES, labels);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {0f, 0.5f, 1f, 2f, 5f})
  void sigmoidLossesAreFiniteAndFloatsFollowDoubles(float gamma) {
    ClassificationLoss loss = SigmoidFocalLoss.builder().optGamma(gamma).build();
    double[][] column =
        Arrays.stream(EXTREMES).mapToObj(x -> new double[] {x}).toArray(double[][]::new);
    for (long label = 0; label < 2; label++) {
      long[] labels = new long[column.length];
      Arrays.fill(labels, label);
      floatsFollowDoubles(loss, column, labels);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT32", "FLOAT64"})
  void gradientsOfHardRowsDoNotVanish(DataType dataType) {
    ClassificationLoss loss = FocalLoss.builder().optGamma(2f).build();
    Kernels.Rows rows = Kernels.run(loss, dataType, new double[][] {{-104, 0}, {-1e4, 1e4}}, 0, 0);
    assertThat(rows.values()).containsExactly(104, 2e4);
    assertThat(rows.gradients()[0]).containsExactly(-1, 1);
    assertThat(rows.gradients()[1]).containsExactly(-1, 1);
  }

  @Test
  void easyRowsKeepTheirDigitsWhereOneMinusPWouldCancel() {
    // q = e^-17 to first order, value = q^2 * q: float32 arithmetic on 1 - p gives 0 here.
    ClassificationLoss loss = FocalLoss.builder().optGamma(2f).build();
    double value = Kernels.run(loss, DataType.FLOAT32, new double[][] {{17, 0}}, 0).values()[0];
    double q = 1 / (1 + Math.exp(17));
    double expected = q * q * Math.log1p(Math.exp(-17));
    assertThat(value).isCloseTo(expected, within(1e-6 * expected));
  }

  @ParameterizedTest
  @ValueSource(doubles = {19.99, 20, 20.01, 25, 37, 40, -19.99, -20.01, -25, -37, -40})
  void theEnginesShortcutForLargeSoftplusStaysBelowTenDigits(double odds) {
    ClassificationLoss loss = FocalLoss.builder().optGamma(5f).build();
    double value = Kernels.run(loss, DataType.FLOAT64, new double[][] {{0, odds}}, 0).values()[0];
    double softplus = Math.max(odds, 0) + Math.log1p(Math.exp(-Math.abs(odds)));
    double expected = Math.pow(1 / (1 + Math.exp(-odds)), 5) * softplus;
    assertThat(value).isCloseTo(expected, within(1.1e-10 * expected));
  }

  private static void floatsFollowDoubles(
      ClassificationLoss loss, double[][] logits, long[] labels) {
    Kernels.Rows floats = Kernels.run(loss, DataType.FLOAT32, logits, labels);
    Kernels.Rows doubles = Kernels.run(loss, DataType.FLOAT64, logits, labels);
    for (int i = 0; i < logits.length; i++) {
      double expected = doubles.values()[i];
      assertThat(floats.values()[i])
          .as("value of %s, label %d", Arrays.toString(logits[i]), labels[i])
          .isNotNegative()
          .isCloseTo(expected, within(1e-6 + 1e-6 * expected));
      assertThat(expected).isFinite().isNotNegative();
      assertThat(floats.gradients()[i])
          .as("gradient of %s, label %d", Arrays.toString(logits[i]), labels[i])
          .containsExactly(doubles.gradients()[i], within(1e-6));
    }
  }

  private static double[][] triples() {
    double[][] triples = new double[EXTREMES.length * EXTREMES.length * EXTREMES.length][];
    int n = 0;
    for (double a : EXTREMES) {
      for (double b : EXTREMES) {
        for (double c : EXTREMES) {
          triples[n++] = new double[] {a, b, c};
        }
      }
    }
    return triples;
  }
}
