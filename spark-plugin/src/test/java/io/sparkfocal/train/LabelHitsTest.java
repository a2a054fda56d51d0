package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Metrics of rows with several labels, beside values that scikit-learn 1.9.1 gives. */
@Timeout(60)
class LabelHitsTest {

  private static final float[][] LOGITS = {
    {2, -1, 0.5f}, {-1, 3, -2}, {0.3f, -0.4f, 1}, {-3, 0.2f, 0.1f}, {1, 1, -1}, {-0.2f, -2, 4}
  };
  private static final float[][] LABELS = {
    {1, 0, 0}, {0, 1, 0}, {1, 1, 1}, {0, 0, 1}, {0, 1, 0}, {1, 0, 1}
  };
  private static final float[] WEIGHTS = {1, 2, 0.5f, 1, 3, 1};

  private static double value(ValidationMetric metric, float[] weights, int ranks) {
    LocalGroup group = LocalGroup.of(ranks, Duration.ofSeconds(30));
    List<Double> values =
        Ranks.run(
            IntStream.range(0, ranks).mapToObj(group::member).toList(),
            collective -> {
              try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                LabelHits hits = new LabelHits(metric, LogitLink.multilabel(), 3);
                for (int row = collective.rank(); row < LOGITS.length; row += ranks) {
                  hits.read(
                          manager.create(new float[][] {LOGITS[row]}),
                          new Batch(
                              manager.create(1f),
                              manager.create(new float[][] {LABELS[row]}),
                              manager.create(new float[] {weights[row]})))
                      .run();
                }
                return hits.overRanks(new RankTotals(new TensorCollective(collective), manager));
              }
            });
    assertThat(values).allMatch(values.get(0)::equals);
    return values.get(0);
  }

  @Test
  void metricsAreThoseOfScikitLearn() {
    float[] ones = {1, 1, 1, 1, 1, 1};
    for (int ranks : new int[] {1, 3}) {
      assertThat(value(ValidationMetric.ACCURACY, ones, ranks))
          .isCloseTo(0.16666666666666666, within(1e-6));
      assertThat(value(ValidationMetric.MACRO_RECALL, ones, ranks))
          .isCloseTo(0.7777777777777777, within(1e-6));
      assertThat(value(ValidationMetric.MACRO_F1, ones, ranks))
          .isCloseTo(0.7301587301587301, within(1e-6));
      assertThat(value(ValidationMetric.MICRO_F1, ones, ranks))
          .isCloseTo(0.7368421052631579, within(1e-6));
      assertThat(value(ValidationMetric.MACRO_F1, WEIGHTS, ranks))
          .isCloseTo(0.7104899930986887, within(1e-6));
      assertThat(value(ValidationMetric.MICRO_F1, WEIGHTS, ranks))
          .isCloseTo(0.7346938775510204, within(1e-6));
      assertThat(value(ValidationMetric.LOG_LOSS, WEIGHTS, ranks))
          .isCloseTo(0.45238555891136517, within(1e-6));
      assertThat(value(ValidationMetric.PR_AUC, WEIGHTS, ranks))
          .isCloseTo(0.8400710400710402, within(1e-6));
      assertThat(value(ValidationMetric.AUC, WEIGHTS, ranks))
          .isCloseTo(0.8676767676767678, within(1e-6));
    }
  }
}
