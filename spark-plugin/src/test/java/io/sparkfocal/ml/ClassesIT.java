package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.IndexToString;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Classes without training rows: declared, left out between labels, or missing in a fold. */
@Timeout(600)
class ClassesIT {

  private static Dataset<Row> rows;

  @BeforeAll
  static void startSpark() {
    rows =
        Samples.rows(TestSpark.local(), 300)
            .withColumn("held_out", col("id").mod(7).equalTo(0))
            .repartition(2)
            .cache();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(16)
        .setBatchSize(32)
        .setMaxIter(12)
        .setLearningRate(0.02)
        .setNumWorkers(2);
  }

  private static double accuracy(Dataset<Row> scored) {
    return (double) scored.where("label = prediction").count() / scored.count();
  }

  /** Labels 1, 2 and 4 of six classes: none from 0, a gap, and one that is only declared. */
  private static Dataset<Row> gaps() {
    return rows.withColumn("label", expr("element_at(array(1, 2, 4), label + 1)"));
  }

  static Stream<String> names() {
    return LossCatalogue.names().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyLossTrainsWithClassesThatHaveNoRows(String name) {
    Dataset<Row> data = gaps();
    FocalLossClassificationModel model = quick().setLoss(name).setNumClasses(6).fit(data);
    assertThat(model.numClasses()).isEqualTo(6);
    Dataset<Row> scored = model.transform(data);
    assertThat(accuracy(scored)).isGreaterThan(0.8);
    double empty = 0;
    for (Row row : scored.select("probability").collectAsList()) {
      Vector probability = (Vector) row.get(0);
      assertThat(probability.size()).isEqualTo(6);
      assertThat(Arrays.stream(probability.toArray()).sum()).isCloseTo(1, within(1e-9));
      empty += probability.apply(0) + probability.apply(3) + probability.apply(5);
    }
    assertThat(empty / 300).isLessThan(0.2);
    assertThat(scored.where("prediction in (0, 3, 5)").count()).isZero();
  }

  private static Arguments row(String name, UnaryOperator<FocalLossClassifier> setter) {
    return Arguments.of(name, setter);
  }

  static Stream<Arguments> settings() {
    return Stream.of(
        row("balanced", c -> c.setAlpha("balanced")),
        row("class-balanced", c -> c.setAlpha("class-balanced(0.99)")),
        row("weightedMean", c -> c.setReduction("weightedMean")),
        row("numbers", c -> c.setAlpha(1, 2, 3, 4)),
        row("priorBias", c -> c.setPriorBias(true)),
        row("priorBias of sigmoids", c -> c.setLoss("sigmoidFocal").setPriorBias(true)),
        row("logitAdjustment", c -> c.setLogitAdjustment(1)),
        row(
            "logitAdjustment of sigmoids",
            c -> c.setLoss("sigmoidCrossEntropy").setLogitAdjustment(1)),
        row("calibration", c -> c.setCalibration("temperature")),
        row("f1", c -> c.setThresholdTuning("f1")),
        row("recall", c -> c.setThresholdTuning("recall=0.8")),
        row("thresholds", c -> c.setThresholds(1, 1, 1, 1)),
        row("macroRecall", c -> c.setValidationMetric("macroRecall")),
        row("search", c -> c.setLossSearch().setMaxIter(4)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("settings")
  void everySettingTrainsWithAClassThatOnlyMetadataDeclares(
      String name, UnaryOperator<FocalLossClassifier> setter) {
    Dataset<Row> named =
        rows.withColumn("name", expr("element_at(array('low', 'mid', 'top'), label + 1)"));
    Dataset<Row> indexed =
        new StringIndexer()
            .setInputCol("name")
            .setOutputCol("index")
            .setHandleInvalid("keep")
            .fit(named)
            .transform(named);
    FocalLossClassificationModel model =
        setter
            .apply(quick().setLabelCol("index").setValidationIndicatorCol("held_out"))
            .fit(indexed);
    assertThat(model.classNames()).containsExactly("low", "mid", "top", "__unknown");
    Dataset<Row> scored = model.transform(indexed);
    assertThat((double) scored.where("index = prediction").count() / 300).isGreaterThan(0.75);
    assertThat(
            scored.select("probability").collectAsList().stream()
                .mapToDouble(row -> ((Vector) row.get(0)).apply(3))
                .average()
                .orElseThrow())
        .isLessThan(0.1);
    assertThat(scored.where("prediction = 3").count()).isZero();
    assertThat(
            new MulticlassClassificationEvaluator("m")
                .setMetricName("logLoss")
                .setLabelCol("index")
                .evaluate(scored))
        .isBetween(0.0, 1.0);
  }

  @Test
  void labelsFromOneAndWithGapsTrainWithoutNumClasses() {
    for (String labels : new String[] {"label + 1", "label * 2"}) {
      Dataset<Row> data = rows.withColumn("label", expr(labels));
      for (String loss : new String[] {"balancedSoftmax", "ldam", "logitAdjusted", "focal"}) {
        Dataset<Row> scored = quick().setLoss(loss).fit(data).transform(data);
        assertThat(accuracy(scored)).isGreaterThan(0.8);
      }
    }
  }

  @Test
  void classesBeyondTheNamesGetNamesThatCanBeReadBack(@TempDir Path folder) throws Exception {
    Dataset<Row> named =
        rows.withColumn("name", expr("element_at(array('low', 'mid', 'top'), label + 1)"));
    Dataset<Row> indexed =
        new StringIndexer().setInputCol("name").setOutputCol("index").fit(named).transform(named);
    FocalLossClassifier classifier = quick().setLabelCol("index").setNumClasses(5).setMaxIter(1);
    FocalLossClassificationModel model = classifier.fit(indexed);
    assertThat(model.classNames()).containsExactly("low", "mid", "top", "__class_3", "__class_4");
    model.save(folder.resolve("model").toString());
    FocalLossClassificationModel loaded =
        FocalLossClassificationModel.load(folder.resolve("model").toString());
    assertThat(loaded.classNames()).isEqualTo(model.classNames());
    assertThat(
            new IndexToString()
                .setInputCol("prediction")
                .setOutputCol("word")
                .transform(loaded.transform(indexed))
                .select("word")
                .distinct()
                .collectAsList())
        .extracting(row -> row.getString(0))
        .isSubsetOf(model.classNames());
    assertThat(classifier.transformSchema(indexed.schema()).apply("prediction").metadata())
        .isEqualTo(model.transformSchema(indexed.schema()).apply("prediction").metadata());
  }

  static Stream<Arguments> ofThreeClasses() {
    return Stream.of(
        row("plain", c -> c),
        row("thresholds", c -> c.setThresholds(1, 1, 1)),
        row("alpha", c -> c.setAlpha(1, 2, 3)),
        row("balancedSoftmax", c -> c.setLoss("balancedSoftmax")));
  }

  /** The three rows of class 2 are all in fold 0, so that its model has never seen the class. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("ofThreeClasses")
  void aFoldWithoutTheRarestClassHasItsProbability(
      String name, UnaryOperator<FocalLossClassifier> setter) {
    Dataset<Row> rare =
        rows.withColumn("label", expr("if(id in (9, 39, 69), 2, if(label = 2, 0, label))"))
            .withColumn("fold", expr("if(label = 2, 0, int(id % 3))"));
    CrossValidator validator =
        new CrossValidator()
            .setEstimator(setter.apply(quick().setNumClasses(3).setMaxIter(2)))
            .setEvaluator(new MulticlassClassificationEvaluator("m").setMetricName("logLoss"))
            .setEstimatorParamMaps(new ParamMap[] {ParamMap.empty()})
            .setFoldCol("fold")
            .setNumFolds(3);
    CrossValidatorModel model = validator.fit(rare);
    assertThat(model.avgMetrics()[0]).isPositive().isFinite();
    assertThat(((FocalLossClassificationModel) model.bestModel()).numClasses()).isEqualTo(3);
  }

  @Test
  void rowsOfOneClassAreRefusedWhateverIsDeclared() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setNumClasses(3).fit(rows.where("label = 1")))
        .withMessageEndingWith("a classifier needs at least two classes.");
  }

  @Test
  void metadataMayDeclareClassesWithoutNames() {
    Dataset<Row> scored = quick().setMaxIter(1).fit(rows).transform(rows);
    // Predictions carry their number of values; a class that is not predicted has its place.
    Dataset<Row> relabelled =
        scored
            .where("prediction < 2")
            .drop("label", "rawPrediction", "probability")
            .withColumn("label", col("prediction"))
            .drop("prediction");
    assertThat(relabelled.schema().apply("label").metadata().json()).contains("\"num_vals\":3");
    FocalLossClassificationModel model = quick().setMaxIter(1).fit(relabelled);
    assertThat(model.numClasses()).isEqualTo(3);
    assertThat(model.classNames()).isEqualTo(List.of());
  }
}
