package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.testing.ExactMetrics;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.train.Evaluation;
import io.sparkfocal.train.ValidationMetric;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What chooses the best epoch, by its name. */
@Timeout(300)
class ValidationMetricIT {

  private static Dataset<Row> rows;
  private static Dataset<Row> binary;

  @BeforeAll
  static void startSpark() {
    rows =
        Samples.rows(TestSpark.local(), 300)
            .withColumn("held_out", col("id").mod(7).equalTo(0))
            .repartition(2)
            .cache();
    binary = rows.withColumn("label", col("label").equalTo(2).cast("int")).cache();
  }

  private static FocalLossClassifier quick(String metric) {
    return new FocalLossClassifier()
        .setHiddenLayers(8)
        .setBatchSize(32)
        .setMaxIter(6)
        .setLearningRate(0.02)
        .setNumWorkers(2)
        .setWeightCol("weight")
        .setValidationIndicatorCol("held_out")
        .setValidationMetric(metric);
  }

  private static List<Evaluation> evaluations(FocalLossClassificationModel model) {
    return model.summary().epochs().stream()
        .map(epoch -> Objects.requireNonNull(epoch.validation()))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"loss", "macroRecall", "accuracy", "macroF1", "logLoss", "prAuc", "auc"})
  void theBestEpochIsTheFirstWithTheBestValue(String name) {
    FocalLossClassificationModel model = quick(name).fit(rows);
    ValidationMetric metric = ValidationMetric.of(name);
    List<Evaluation> epochs = evaluations(model);
    assertThat(epochs).hasSize(6).allSatisfy(e -> assertThat(e.metric()).isFinite());
    double best = epochs.stream().mapToDouble(metric::score).max().orElseThrow();
    int first = epochs.stream().map(metric::score).toList().indexOf(best);
    assertThat(model.summary().bestEpoch()).isEqualTo(first + 1);
    boolean lowerIsBetter = name.equals("loss") || name.equals("logLoss");
    assertThat(epochs)
        .allSatisfy(
            e -> assertThat(lowerIsBetter ? -e.metric() : e.metric()).isLessThanOrEqualTo(best));
  }

  /** The value is that of the model's own column on the same rows. */
  @ParameterizedTest
  @CsvSource({
    "macroF1, focal, 0",
    "logLoss, focal, 1",
    "logLoss, sigmoidFocal, 1",
    "prAuc, focal, 1",
    "prAuc, sigmoidFocal, 0",
    "auc, crossEntropy, 0.5"
  })
  void theValueIsThatOfTheModelsProbabilities(String name, String loss, double adjustment) {
    for (Dataset<Row> data : List.of(rows, binary)) {
      FocalLossClassifier classifier = quick(name).setLoss(loss).setAlpha("none");
      FocalLossClassificationModel model = classifier.setLogitAdjustment(adjustment).fit(data);
      List<ExactMetrics.Row> scored =
          model
              .transform(data.where("held_out"))
              .select("label", "weight", "probability")
              .collectAsList()
              .stream()
              .map(
                  row ->
                      new ExactMetrics.Row(
                          row.getInt(0), row.getDouble(1), ((Vector) row.get(2)).toArray()))
              .toList();
      double found = evaluations(model).get(model.summary().bestEpoch() - 1).metric();
      assertThat(found).isCloseTo(ExactMetrics.of(name, scored), within(1e-3));
    }
  }

  @Test
  void lossesOfASearchAreComparedByTheMetric() {
    Stream.of("logLoss", "prAuc", "loss")
        .forEach(
            name -> {
              FocalLossClassificationModel model =
                  quick(name)
                      .setLossSearch("crossEntropy alpha=none", "focal gamma=4 alpha=none")
                      .fit(rows);
              TrainingSummary summary = model.summary();
              Evaluation best = evaluations(model).get(summary.bestEpoch() - 1);
              double score =
                  switch (name) {
                    case "logLoss" -> -best.metric();
                    case "prAuc" -> best.metric();
                    default -> best.macroRecall();
                  };
              assertThat(summary.search()).extracting(LossScore::score).contains(score);
              assertThat(summary.search())
                  .allSatisfy(other -> assertThat(other.score()).isLessThanOrEqualTo(score));
            });
  }

  @Test
  void areasOfTooManyClassesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick("prAuc").setNumClasses(5000).fit(rows))
        .withMessage(
            "validationMetric is prAuc, but there are 5000 classes and it takes at most 4096; set"
                + " it to macroF1, macroRecall or logLoss.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick("roc"))
        .withMessage(
            "Unknown validation metric \"roc\"; choose loss, macroRecall, accuracy, macroF1,"
                + " microF1, logLoss, prAuc or auc.");
  }
}
