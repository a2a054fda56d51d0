package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BestEpochTest {

  /** Of epochs of a metric alone; the others say the opposite. */
  private static BestEpoch after(ValidationMetric metric, int patience, double... values) {
    BestEpoch best = new BestEpoch(metric, patience);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = Linear.builder().setUnits(2).build();
      FlatParameters parameters = FlatParameters.of(network, 3, manager, 1);
      for (int i = 0; i < values.length; i++) {
        double value = values[i];
        best.offer(i + 1, evaluation(metric, value), parameters);
      }
    }
    return best;
  }

  private static Evaluation evaluation(ValidationMetric metric, double value) {
    return switch (metric) {
      case LOSS -> new Evaluation(value, value, value, value);
      case MACRO_RECALL -> new Evaluation(value, value, -value, value);
      case ACCURACY -> new Evaluation(value, -value, value, value);
      case LOG_LOSS -> new Evaluation(-value, value, value, value);
      case MACRO_F1, MICRO_F1, PR_AUC, AUC -> new Evaluation(value, -value, -value, value);
    };
  }

  @ParameterizedTest
  @EnumSource(ValidationMetric.class)
  void theBestEpochIsThatOfTheBestValue(ValidationMetric metric) {
    boolean lowerIsBetter = metric == ValidationMetric.LOSS || metric == ValidationMetric.LOG_LOSS;
    try (BestEpoch best = after(metric, 0, 0.5, 0.2, 0.2, 0.7, 0.7, 0.4)) {
      assertThat(best.epochOr(0)).isEqualTo(lowerIsBetter ? 2 : 4);
    }
  }

  @ParameterizedTest
  @CsvSource({"LOG_LOSS, 0.5, 0.6, 0.7", "AUC, 0.7, 0.6, 0.5", "PR_AUC, 0.7, NaN, NaN"})
  void patienceEndsWithEpochsThatAreWorse(ValidationMetric metric, double a, double b, double c) {
    try (BestEpoch best = after(metric, 2, a, b, c)) {
      assertThat(best.isOverdue(2)).isFalse();
      assertThat(best.isOverdue(3)).isTrue();
    }
  }

  @Test
  void anUndefinedValueIsWorseThanAnyOther() {
    try (BestEpoch best = after(ValidationMetric.AUC, 0, Double.NaN, 0.1, Double.NaN)) {
      assertThat(best.epochOr(0)).isEqualTo(2);
    }
  }
}
