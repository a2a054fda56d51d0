package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.OneVsRest;
import org.apache.spark.ml.classification.OneVsRestModel;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.ml.tuning.TrainValidationSplit;
import org.apache.spark.ml.tuning.TrainValidationSplitModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The estimator within Spark ML's estimators of estimators, which are saved and loaded. */
@Timeout(240)
class MetaEstimatorsIT {

  private static Dataset<Row> rows;

  @BeforeAll
  static void start() {
    rows = Samples.rows(TestSpark.local(), 300).repartition(3).cache();
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(8)
        .setMaxIter(6)
        .setBatchSize(32)
        .setLearningRate(0.02);
  }

  private static ParamMap[] grid(FocalLossClassifier classifier) {
    return new ParamGridBuilder()
        .addGrid(classifier.gamma(), new double[] {1, 2})
        .baseOn(classifier.loss().w("focal"))
        .build();
  }

  private static MulticlassClassificationEvaluator accuracy() {
    return new MulticlassClassificationEvaluator().setMetricName("accuracy");
  }

  private static List<Row> predictions(Dataset<Row> scored) {
    return scored.select("id", "prediction").orderBy("id").collectAsList();
  }

  @Test
  void oneVsRestTrainsAModelForEachClass(@TempDir Path folder) throws Exception {
    OneVsRest oneVsRest = new OneVsRest().setClassifier(quick()).setParallelism(2);
    oneVsRest.save(folder.resolve("estimator").toString());
    OneVsRestModel model = OneVsRest.load(folder.resolve("estimator").toString()).fit(rows);
    assertThat(model.models()).hasSize(3);
    Dataset<Row> scored = model.transform(rows);
    assertThat(accuracy().evaluate(scored)).isGreaterThan(0.8);
    assertThat(scored.columns()).contains("rawPrediction", "prediction");
    model.save(folder.resolve("model").toString());
    OneVsRestModel loaded = OneVsRestModel.load(folder.resolve("model").toString());
    assertThat(predictions(loaded.transform(rows))).isEqualTo(predictions(scored));
  }

  @Test
  void oneVsRestWeighsRows() {
    Dataset<Row> weighted = rows.withColumn("weight", expr("if(label = 2, 0.001, 1)"));
    OneVsRest oneVsRest = new OneVsRest().setClassifier(quick()).setWeightCol("weight");
    Dataset<Row> scored = oneVsRest.fit(weighted).transform(weighted);
    assertThat(scored.where("prediction = 2").count()).isLessThan(20);
    assertThat(scored.where("label = prediction").count()).isGreaterThan(150);
  }

  @Test
  void oneVsRestRefusesWhatIsNotOneLabelAndOneVector() {
    Dataset<Row> several = rows.withColumn("label", expr("array(1, 0)"));
    assertThatThrownBy(() -> new OneVsRest().setClassifier(quick()).fit(several))
        .hasMessageContaining("must be of type numeric");
    assertThatThrownBy(() -> new OneVsRest().setClassifier(quick()).setFeaturesCol("id").fit(rows))
        .hasMessageContaining("must be of type");
  }

  @Test
  void crossValidationFindsAModelAndIsSaved(@TempDir Path folder) throws Exception {
    FocalLossClassifier classifier = quick();
    CrossValidator validator =
        new CrossValidator()
            .setEstimator(classifier)
            .setEvaluator(accuracy())
            .setEstimatorParamMaps(grid(classifier))
            .setNumFolds(2)
            .setParallelism(2);
    validator.save(folder.resolve("estimator").toString());
    CrossValidatorModel model =
        CrossValidator.load(folder.resolve("estimator").toString()).fit(rows);
    assertThat(model.avgMetrics()).hasSize(2);
    assertThat(accuracy().evaluate(model.transform(rows))).isGreaterThan(0.8);
    model.save(folder.resolve("model").toString());
    CrossValidatorModel loaded = CrossValidatorModel.load(folder.resolve("model").toString());
    assertThat(loaded.bestModel()).isInstanceOf(FocalLossClassificationModel.class);
    assertThat(predictions(loaded.transform(rows))).isEqualTo(predictions(model.transform(rows)));
  }

  @Test
  void aSplitFindsAModelAndIsSaved(@TempDir Path folder) throws Exception {
    FocalLossClassifier classifier = quick();
    TrainValidationSplit split =
        new TrainValidationSplit()
            .setEstimator(classifier)
            .setEvaluator(accuracy())
            .setEstimatorParamMaps(grid(classifier))
            .setParallelism(2)
            .setSeed(3);
    split.save(folder.resolve("estimator").toString());
    TrainValidationSplitModel model =
        TrainValidationSplit.load(folder.resolve("estimator").toString()).fit(rows);
    assertThat(model.validationMetrics()).hasSize(2);
    assertThat(accuracy().evaluate(model.transform(rows))).isGreaterThan(0.8);
    model.save(folder.resolve("model").toString());
    TrainValidationSplitModel loaded =
        TrainValidationSplitModel.load(folder.resolve("model").toString());
    assertThat(predictions(loaded.transform(rows))).isEqualTo(predictions(model.transform(rows)));
  }

  @Test
  void aPipelineIsSavedBeforeAndAfterItIsFitted(@TempDir Path folder) throws Exception {
    Dataset<Row> table =
        rows.withColumn("kind", expr("concat('k', label)"))
            .withColumn("size", expr("double(id % 10)"));
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  new StringIndexer().setInputCol("kind").setOutputCol("index"),
                  new VectorAssembler()
                      .setInputCols(new String[] {"index", "size"})
                      .setOutputCol("assembled"),
                  quick().setMaxIter(30).setFeaturesCol("assembled")
                });
    pipeline.save(folder.resolve("pipeline").toString());
    PipelineModel model = Pipeline.load(folder.resolve("pipeline").toString()).fit(table);
    model.save(folder.resolve("model").toString());
    PipelineModel loaded = PipelineModel.load(folder.resolve("model").toString());
    assertThat(predictions(loaded.transform(table))).isEqualTo(predictions(model.transform(table)));
    assertThat(accuracy().evaluate(loaded.transform(table))).isGreaterThan(0.9);
  }
}
