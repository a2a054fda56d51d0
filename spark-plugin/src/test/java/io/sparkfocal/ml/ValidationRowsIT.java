package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sparkfocal.blocks.InputBlocks;
import io.sparkfocal.testing.LogLines;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.util.List;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.TrainValidationSplit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Validation rows that are missing, weigh nothing, or are not in every fold. */
@Timeout(300)
class ValidationRowsIT {

  private static final String READS_SEVERAL =
      "featuresCol is to be \"x\", but the model reads featuresCols [weight, other]; set featuresCols to none first.";

  private static Dataset<Row> rows;

  @BeforeAll
  static void startSpark() {
    rows = Samples.rows(TestSpark.local(), 300).repartition(2).cache();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(8)
        .setBatchSize(32)
        .setMaxIter(4)
        .setNumWorkers(1)
        .setValidationIndicatorCol("held_out");
  }

  private static FocalLossClassifier demanding() {
    return quick()
        .setMaxIter(5)
        .setCalibration("temperature")
        .setThresholdTuning("f1")
        .setEarlyStoppingPatience(2);
  }

  private static List<String> warnings(FocalLossClassifier classifier, Dataset<Row> data) {
    try (InputBlocks rows =
        InputBlocks.read(
            data.sparkSession().sparkContext(), classifier.columns(data.schema()), data, 1)) {
      return new ValidationRows(classifier).warnings(rows.counts());
    }
  }

  @Test
  void aColumnThatMarksNothingIsWarnedOfAndTheLastEpochKept() {
    Dataset<Row> none = rows.withColumn("held_out", lit(null).cast("boolean"));
    assertThat(warnings(quick(), none))
        .containsExactly(
            "validationIndicatorCol is set, but column \"held_out\" marks no rows for validation, so the last epoch is kept.");
    TrainingSummary summary = quick().fit(none).summary();
    assertThat(summary.bestEpoch()).isEqualTo(4);
    assertThat(summary.validationRows()).isZero();
    assertThat(warnings(quick(), rows)).isEmpty();
  }

  @Test
  void validationRowsThatWeighNothingDoNotChooseTheEpoch() {
    Dataset<Row> weightless = rows.withColumn("weight", expr("if(held_out, 0d, 1d)"));
    FocalLossClassifier classifier = quick().setWeightCol("weight");
    assertThat(warnings(classifier, weightless))
        .containsExactly(
            "validationIndicatorCol is set, but the 60 rows that column \"held_out\" marks for validation all weigh 0, so the last epoch is kept.");
    TrainingSummary summary = classifier.fit(weightless).summary();
    assertThat(summary.bestEpoch()).isEqualTo(4);
    assertThat(summary.epochs().get(0).validation()).isNull();
    assertThat(summary.calibration()).isNull();
    assertThat(summary.classCounts()).containsExactly(150, 90, 0);
  }

  private static CrossValidator validator(Estimator<?> estimator, int parallelism) {
    return new CrossValidator()
        .setEstimator(estimator)
        .setEvaluator(new MulticlassClassificationEvaluator("m"))
        .setEstimatorParamMaps(new ParamMap[] {ParamMap.empty(), ParamMap.empty()})
        .setParallelism(parallelism)
        .setCollectSubModels(true)
        .setFoldCol("fold")
        .setNumFolds(2);
  }

  /** Fold 1 is what the model of fold 0's scores is trained on; it has no validation rows. */
  private static Dataset<Row> folded() {
    return rows.withColumn("fold", expr("int(id % 2)")).withColumn("held_out", expr("id % 10 = 4"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aFoldWithoutValidationRowsIsTrainedWithoutWhatNeedsThem(int parallelism) {
    CrossValidatorModel model = validator(demanding(), parallelism).fit(folded());
    FocalLossClassificationModel without = (FocalLossClassificationModel) model.subModels()[0][0];
    FocalLossClassificationModel with = (FocalLossClassificationModel) model.subModels()[1][0];
    assertThat(without.summary().validationRows()).isZero();
    assertThat(without.summary().epochs()).hasSize(5);
    assertThat(without.isDefined(without.thresholds())).isFalse();
    assertThat(without.temperature()).isEqualTo(1);
    assertThat(with.summary().validationRows()).isEqualTo(30);
    assertThat(with.isDefined(with.thresholds())).isTrue();
    FocalLossClassificationModel best = (FocalLossClassificationModel) model.bestModel();
    assertThat(best.isDefined(best.thresholds())).isTrue();
    assertThat(warnings(demanding(), folded().where("fold = 1")))
        .containsExactly(
            "In this fold column \"held_out\" marks no rows for validation, so it is trained without earlyStoppingPatience, calibration, thresholdTuning.");
  }

  @Test
  void soIsAFoldOfAPipelineAndTheRestOfASplit() {
    Pipeline pipeline = new Pipeline().setStages(new PipelineStage[] {demanding()});
    assertThat(validator(pipeline, 1).fit(folded()).avgMetrics()).hasSize(2);
    // Three validation rows of 300, and the split takes one row in 20: seeds differ in what is
    // left.
    Dataset<Row> few = rows.withColumn("held_out", expr("id = 4"));
    TrainValidationSplit split =
        new TrainValidationSplit()
            .setEstimator(demanding())
            .setEvaluator(new MulticlassClassificationEvaluator("m"))
            .setEstimatorParamMaps(new ParamMap[] {ParamMap.empty()})
            .setTrainRatio(0.3)
            .setSeed(withoutRowFour(few));
    assertThat(split.fit(few).validationMetrics()).hasSize(1);
  }

  /** A seed under which the row with id 4 is in the part that is not trained on. */
  private static long withoutRowFour(Dataset<Row> data) {
    for (long seed = 1; ; seed++) {
      Dataset<Row> training = data.randomSplit(new double[] {0.3, 0.7}, seed)[0];
      if (training.where("id = 4").isEmpty()) {
        return seed;
      }
    }
  }

  @Test
  void aSearchInAFoldWithoutValidationRowsTrainsItsFirstLoss() {
    FocalLossClassifier search = quick().setMaxIter(1).setLossSearch("ldam", "focal");
    CrossValidatorModel model = validator(search, 1).fit(folded());
    FocalLossClassificationModel without = (FocalLossClassificationModel) model.subModels()[0][0];
    assertThat(without.summary().loss()).isEqualTo("ldam alpha=none");
    assertThat(without.summary().search()).isEmpty();
    FocalLossClassificationModel with = (FocalLossClassificationModel) model.subModels()[1][0];
    assertThat(with.summary().search()).hasSize(2);
    assertThat(warnings(search, folded().where("fold = 1")))
        .containsExactly(
            "In this fold column \"held_out\" marks no rows for validation, so it is trained without lossSearch (the first loss alone is trained).");
  }

  @Test
  void aSearchWarnsOnceOfWhatHoldsForAllItsLosses() {
    FocalLossClassifier search =
        quick().setMaxIter(1).setLossSearch("ldam", "focal").setMaxCheckpoints(1);
    String idle = "maxCheckpoints is 1, but no checkpoints are written; set checkpointDir.";
    try (LogLines log = new LogLines("io.sparkfocal.ml")) {
      assertThat(search.fit(rows).summary().search()).hasSize(2);
      assertThat(log.lines()).containsExactly(idle);
    }
    try (LogLines log = new LogLines("io.sparkfocal.ml")) {
      validator(search, 1).fit(folded());
      assertThat(log.lines())
          .filteredOn(line -> line.contains("marks no rows"))
          .containsOnly(
              "In this fold column \"held_out\" marks no rows for validation, so it is trained without lossSearch (the first loss alone is trained).");
    }
  }

  @Test
  void theLastFitOfATuningIsNoFold() {
    Dataset<Row> none = folded().withColumn("held_out", lit(false));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> validator(demanding(), 1).fit(none))
        .withMessageStartingWith(
            "earlyStoppingPatience is 2, but column \"held_out\" marks no rows for validation; mark some, or set");
  }

  @Test
  void aSearchCanBeSwitchedOff() {
    FocalLossClassifier plain = quick().setLossSearch().setLossSearch(new String[0]);
    assertThat(plain.setMaxIter(1).fit(rows).summary().search()).isEmpty();
  }

  @Test
  void aModelOfSeveralColumnsReadsNoOther() {
    Dataset<Row> columns = rows.withColumn("other", col("weight"));
    FocalLossClassificationModel model =
        quick().setMaxIter(1).setFeaturesCols("weight", "other").fit(columns);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.setFeaturesCol("x"))
        .withMessage(READS_SEVERAL);
    ParamMap other = new ParamMap().put(model.featuresCol(), "x");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.transform(columns, other))
        .withMessage(READS_SEVERAL);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.copy(other))
        .withMessage(READS_SEVERAL);
    other.put(model.featuresCols(), new String[0]);
    assertThat(model.copy(other).getFeaturesCol()).isEqualTo("x");
    assertThat(model.copy(ParamMap.empty()).transform(columns).columns()).contains("prediction");
    assertThat(model.copy(model.extractParamMap()).transform(columns).columns())
        .contains("prediction");
  }
}
