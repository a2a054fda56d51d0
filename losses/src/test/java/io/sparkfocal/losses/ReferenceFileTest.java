package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.util.JsonUtils;
import com.google.gson.JsonObject;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every loss against values and gradients that {@code src/test/python/reference_values.py} computed
 * from the papers' formulas with 1000 digits.
 */
class ReferenceFileTest {

  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  record Case(
      String loss,
      JsonObject params,
      double[][] logits,
      long[] labels,
      double[][] targets,
      double[] sampleWeights,
      double[] values,
      double[][] gradients) {

    @Override
    public String toString() {
      return loss + " " + params + " " + Arrays.deepToString(logits);
    }

    float number(String name) {
      return params.get(name).getAsFloat();
    }

    long[] counts() {
      return JsonUtils.GSON.fromJson(params.get("counts"), long[].class);
    }

    ClassificationLoss make() {
      return switch (loss) {
        case "crossEntropy" ->
            CrossEntropyLoss.builder().optLabelSmoothing(number("labelSmoothing")).build();
        case "focal" -> FocalLoss.builder().optGamma(number("gamma")).build();
        case "logitAdjusted" -> new LogitAdjustedLoss(number("tau"), counts());
        case "ldam" -> new LdamLoss(number("maxMargin"), number("scale"), counts());
        case "polyFocal" -> new PolyFocalLoss(number("gamma"), number("epsilon"));
        case "dualFocal" -> new DualFocalLoss(number("gamma"));
        case "flsd" -> new FlsdLoss();
        case "ghm" -> new GhmLoss(params.get("bins").getAsInt());
        case "seesaw" -> new SeesawLoss(number("p"), number("q"));
        case "tversky" -> new TverskyLoss(number("alpha"), number("beta"), number("gamma"));
        case "sigmoidFocal" ->
            SigmoidFocalLoss.builder().optGamma(number("gamma")).optAlpha(number("alpha")).build();
        case "asymmetric" ->
            new AsymmetricLoss(number("gammaPositive"), number("gammaNegative"), number("margin"));
        case "varifocal" -> new VarifocalLoss(number("alpha"), number("gamma"));
        case "qualityFocal" -> new QualityFocalLoss(number("beta"));
        default -> throw new IllegalStateException("No loss " + loss);
      };
    }

    Kernels.Rows run(DataType dataType) {
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray truth =
            targets == null ? manager.create(labels) : Kernels.matrix(manager, dataType, targets);
        NDArray weights =
            sampleWeights == null ? null : manager.create(sampleWeights).toType(dataType, false);
        return Kernels.toHost(
            make()
                .prepare(manager, dataType)
                .evaluate(Kernels.matrix(manager, dataType, logits), truth, weights));
      }
    }
  }

  static List<Case> cases() throws IOException {
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(
                ReferenceFileTest.class.getResourceAsStream("reference-values.json")),
            StandardCharsets.UTF_8)) {
      return JsonUtils.GSON.fromJson(reader, new TypeToken<List<Case>>() {}.getType());
    }
  }

  @Test
  void everyLossIsThere() throws IOException {
    assertThat(cases().stream().map(Case::loss).distinct()).hasSize(14);
  }

  /** Constants of a loss are rounded to float32, which leaves seven digits. */
  @ParameterizedTest
  @MethodSource("cases")
  void doublesAgreeToSevenDigits(Case reference) {
    agrees(reference, reference.run(DataType.FLOAT64), 2e-7, 1e-14);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void floatsAgree(Case reference) {
    agrees(reference, reference.run(DataType.FLOAT32), 2e-5, 2e-6);
  }

  private static void agrees(Case reference, Kernels.Rows rows, double relative, double absolute) {
    for (int i = 0; i < reference.values().length; i++) {
      double value = reference.values()[i];
      assertThat(rows.values()[i]).isCloseTo(value, within(absolute + relative * value));
      double[] gradient = reference.gradients()[i];
      double largest = Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
      assertThat(rows.gradients()[i])
          .containsExactly(gradient, within(absolute + relative * largest));
    }
  }
}
