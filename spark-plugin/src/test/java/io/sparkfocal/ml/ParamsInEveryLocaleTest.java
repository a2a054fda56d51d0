package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.testing.Locales;
import io.sparkfocal.train.ValidationMetric;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParamsInEveryLocaleTest {

  @Test
  void namesAreRead() {
    Locales.inEach(
        () -> {
          for (ValidationMetric metric : ValidationMetric.values()) {
            assertThat(ValidationMetric.of(metric.label())).isEqualTo(metric);
          }
          for (String name : LossCatalogue.names()) {
            assertThat(LossChoice.requireName(name)).isEqualTo(name);
          }
          assertThatCode(
                  () -> {
                    List.of("mean", "weightedMean").forEach(Choices::reduction);
                    List.of("none", "temperature").forEach(Choices::calibration);
                    List.of("cosine", "constant").forEach(Choices::schedule);
                    List.of("adamW", "sgd").forEach(Choices::optimizer);
                    List.of("float32", "float16").forEach(Choices::dataType);
                  })
              .doesNotThrowAnyException();
        });
  }

  @Test
  void everySetterTakesItsNamesAndNumbers() {
    Locales.inEach(
        () -> {
          FocalLossClassifier classifier =
              new FocalLossClassifier()
                  .setDevice("cpu")
                  .setValidationMetric("macroRecall")
                  .setOptimizer("adamW")
                  .setLearningRateSchedule("constant")
                  .setReduction("weightedMean")
                  .setPrecision("float16")
                  .setAlpha("class-balanced(0.999)")
                  .setLoss("ldam", "maxMargin=0.3")
                  .setCalibration("temperature")
                  .setThresholdTuning("recall=0.95");
          assertThat(classifier.getLossArguments()).containsExactly("maxMargin=0.3");
          assertThat(classifier.getThresholdTuning()).isEqualTo("recall=0.95");
        });
  }

  @Test
  void aNetworkIsDescribedWithTheSameText() {
    Map<String, String> plain = MlpNetwork.arguments(new int[] {16, 8}, 0.25, true);
    Locales.inEach(
        () -> {
          assertThat(MlpNetwork.arguments(new int[] {16, 8}, 0.25, true)).isEqualTo(plain);
          assertThat(MlpNetwork.parameterCount(3, 2, plain))
              .isEqualTo(3 * 16 + 64 + 16 * 8 + 32 + 18);
        });
  }
}
