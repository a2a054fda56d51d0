package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ValidationMetricTest {

  @ParameterizedTest
  @CsvSource({
    "loss, LOSS",
    "macroRecall, MACRO_RECALL",
    "accuracy, ACCURACY",
    "macroF1, MACRO_F1",
    "logLoss, LOG_LOSS",
    "prAuc, PR_AUC",
    "auc, AUC"
  })
  void eachHasItsName(String name, ValidationMetric metric) {
    assertThat(ValidationMetric.of(name)).isEqualTo(metric);
    assertThat(metric.label()).isEqualTo(name);
  }

  @Test
  void anUnknownNameIsAnsweredWithAll() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ValidationMetric.of("AUC"))
        .withMessage(
            "Unknown validation metric \"AUC\"; choose loss, macroRecall, accuracy, macroF1,"
                + " microF1, logLoss, prAuc or auc.");
  }

  @ParameterizedTest
  @EnumSource(ValidationMetric.class)
  void areasAreOfAtMost4096Classes(ValidationMetric metric) {
    assertThatCode(() -> metric.requireClasses(4096)).doesNotThrowAnyException();
    if (metric == ValidationMetric.PR_AUC || metric == ValidationMetric.AUC) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> metric.requireClasses(4097))
          .withMessage(
              "validationMetric is %s, but there are 4097 classes and it takes at most 4096; set it"
                  + " to macroF1, macroRecall or logLoss.",
              metric.label());
    } else {
      assertThatCode(() -> metric.requireClasses(100_000)).doesNotThrowAnyException();
    }
  }

  @Test
  void anEvaluationHasTheValueOfTheMetricThatChooses() {
    double[] rows = {4, 0, 1};
    double[] hits = {3, 0, 0};
    assertThat(Evaluation.of(ValidationMetric.LOSS, 0.5, rows, hits, Double.NaN))
        .isEqualTo(new Evaluation(0.5, 0.375, 0.6, 0.5));
    assertThat(Evaluation.of(ValidationMetric.MACRO_RECALL, 0.5, rows, hits, Double.NaN).metric())
        .isEqualTo(0.375);
    assertThat(Evaluation.of(ValidationMetric.ACCURACY, 0.5, rows, hits, Double.NaN).metric())
        .isEqualTo(0.6);
    assertThat(Evaluation.of(ValidationMetric.AUC, 0.5, rows, hits, 0.9))
        .isEqualTo(new Evaluation(0.5, 0.375, 0.6, 0.9));
  }
}
