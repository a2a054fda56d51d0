package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.ml.FeatureImportances.Importance;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.evaluation.BinaryClassificationEvaluator;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.functions$;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which features a model uses, by what shuffling them does to a metric. */
@Timeout(300)
class ImportancesIT {

  private static final int ROWS = 6000;
  private static final ImportanceOptions OPTIONS = ImportanceOptions.defaults();

  private static FocalLossClassificationModel tabular;
  private static FocalLossClassificationModel vectors;

  @BeforeAll
  static void train() {
    tabular = classifier().setFeaturesCols("number", "noise", "text", "other", "flag").fit(rows());
    vectors = classifier().setNetwork("mlp").setFeaturesCol("vector").fit(assembled(rows()));
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static FocalLossClassifier classifier() {
    return new FocalLossClassifier().setLabelCol("target").setNumWorkers(2).setMaxIter(8);
  }

  /** The target follows from number and text, and number is often missing. */
  private static Dataset<Row> rows() {
    return TestSpark.local()
        .range(0, ROWS, 1, 4)
        .withColumn("number", expr("if(hash(id, 1) % 9 = 0, null, hash(id, 2) % 1000 / 500)"))
        .withColumn("noise", expr("if(hash(id, 3) % 9 = 0, null, hash(id, 4) % 1000 / 10)"))
        .withColumn(
            "text", expr("if(hash(id, 5) % 9 = 0, null, concat('v', abs(hash(id, 6) % 4)))"))
        .withColumn("other", expr("concat('w', abs(hash(id, 7) % 5))"))
        .withColumn("flag", expr("hash(id, 8) % 2 = 0"))
        .withColumn("target", expr("int(number > 0.3 or text = 'v1')"))
        .withColumn("target", expr("coalesce(target, 0)"));
  }

  /** With features x, y, number and noise as a vector, where y is noise too. */
  private static Dataset<Row> assembled(Dataset<Row> rows) {
    return new VectorAssembler()
        .setInputCols(new String[] {"x", "y", "z"})
        .setOutputCol("vector")
        .transform(
            rows.withColumn("x", expr("coalesce(number, 0)"))
                .withColumn("y", expr("hash(id, 9) % 1000 / 1000"))
                .withColumn("z", expr("double(text <=> 'v1')")));
  }

  @Test
  void exactlyTheFeaturesThatTheLabelDependsOnAreFound() {
    FeatureImportances found = tabular.featureImportances(rows());
    assertThat(found.features().stream().map(Importance::feature))
        .containsExactly("number", "noise", "text", "other", "flag");
    assertThat(found.sorted().stream().limit(2).map(Importance::feature))
        .containsExactlyInAnyOrder("number", "text");
    assertThat(found.metric()).isEqualTo("prAuc");
    assertThat(found.rows()).isEqualTo(ROWS);
    assertThat(found.repeats()).isEqualTo(5);
    assertThat(found.of("number").mean()).isGreaterThan(0.05);
    assertThat(found.of("text").mean()).isGreaterThan(0.05);
    for (String unused : List.of("noise", "other", "flag")) {
      assertThat(found.of(unused).mean()).as(unused).isCloseTo(0, within(0.02));
    }
    found.features().forEach(one -> assertThat(one.deviation()).isBetween(0.0, 0.02));
    assertThat(found.of("number").deviation()).isGreaterThan(1e-6);
    double area =
        new BinaryClassificationEvaluator()
            .setLabelCol("target")
            .setMetricName("areaUnderPR")
            .setNumBins(0)
            .evaluate(tabular.transform(rows()));
    assertThat(found.baseline()).isCloseTo(area, within(2e-3));
  }

  @Test
  void aVectorsFeaturesHaveTheNamesOfItsMetadata() {
    FeatureImportances found = vectors.featureImportances(assembled(rows()));
    assertThat(found.features().stream().map(Importance::feature)).containsExactly("x", "y", "z");
    assertThat(found.of("x").mean()).isGreaterThan(0.1);
    assertThat(found.of("z").mean()).isGreaterThan(0.1);
    assertThat(found.of("y").mean()).isCloseTo(0, within(0.02));
    Dataset<Row> unnamed =
        assembled(rows())
            .withColumn(
                "vector",
                functions$.MODULE$.array_to_vector(
                    functions$.MODULE$.vector_to_array(col("vector"), "float64")));
    assertThat(
            vectors.featureImportances(unnamed, OPTIONS.withRepeats(1)).features().stream()
                .map(Importance::feature))
        .containsExactly("vector_0", "vector_1", "vector_2");
    assertThatThrownBy(() -> found.of("w"))
        .hasMessage("The model has no feature \"w\"; the features are x, y, z.");
  }

  @Test
  void theSeedDecidesAndThePartitionsDoNotMatterMuch() {
    Dataset<Row> rows = assembled(rows());
    FeatureImportances four = vectors.featureImportances(rows);
    assertThat(vectors.featureImportances(rows)).isEqualTo(four);
    FeatureImportances other = vectors.featureImportances(rows, OPTIONS.withSeed(1));
    assertThat(other.of("x").mean())
        .isNotEqualTo(four.of("x").mean())
        .isCloseTo(four.of("x").mean(), within(0.03));
    FeatureImportances one = vectors.featureImportances(rows.coalesce(1));
    assertThat(one.baseline()).isEqualTo(four.baseline());
    for (String name : List.of("x", "y", "z")) {
      assertThat(one.of(name).mean()).isCloseTo(four.of(name).mean(), within(0.03));
    }
  }

  @Test
  void smallPartitionsAreMerged() {
    Dataset<Row> rows = assembled(rows());
    FeatureImportances four = vectors.featureImportances(rows);
    // Of some ten rows, so that a shuffle within one would leave every tenth value where it was.
    FeatureImportances many =
        vectors.featureImportances(rows.repartition(600), OPTIONS.withRepeats(2));
    assertThat(many.rows()).isEqualTo(ROWS);
    assertThat(many.of("x").mean()).isCloseTo(four.of("x").mean(), within(0.04));
  }

  @ParameterizedTest
  @ValueSource(strings = {"accuracy", "macroRecall", "macroF1", "logLoss", "auc", "prAuc"})
  void everyMetricGetsWorse(String metric) {
    Dataset<Row> rows = assembled(rows());
    FeatureImportances found =
        vectors.featureImportances(rows, OPTIONS.withMetric(metric).withRepeats(2));
    assertThat(found.metric()).isEqualTo(metric);
    assertThat(found.of("x").mean()).isGreaterThan(0.05);
    assertThat(found.of("y").mean()).isCloseTo(0, within(0.02));
    if (List.of("accuracy", "logLoss", "macroRecall").contains(metric)) {
      MulticlassClassificationEvaluator evaluator =
          new MulticlassClassificationEvaluator()
              .setLabelCol("target")
              .setMetricName(metric.equals("macroRecall") ? "recallByLabel" : metric);
      Dataset<Row> scored = vectors.transform(rows);
      double expected = evaluator.setMetricLabel(0).evaluate(scored);
      if (metric.equals("macroRecall")) {
        expected = (expected + evaluator.setMetricLabel(1).evaluate(scored)) / 2;
      }
      assertThat(found.baseline()).isCloseTo(expected, within(1e-6));
    }
  }

  @Test
  void thresholdsDecideOnThePredictedClass() {
    Dataset<Row> rows = assembled(rows());
    FocalLossClassificationModel never = vectors.copy(ParamMap.empty()).setThresholds(0, 1);
    FeatureImportances found =
        never.featureImportances(rows, OPTIONS.withMetric("accuracy").withRepeats(1));
    double zeros = (double) rows.where("target = 0").count() / ROWS;
    assertThat(found.baseline()).isCloseTo(zeros, within(1e-9));
    assertThat(found.of("x").mean()).isZero();
  }

  @Test
  void rowsThatLackAFeatureAreTreatedAsHandleInvalidSays() {
    FocalLossClassificationModel skips = tabular.copy(ParamMap.empty()).setHandleInvalid("skip");
    long complete =
        rows().where("number is not null and noise is not null and text is not null").count();
    assertThat(skips.featureImportances(rows(), OPTIONS.withRepeats(1)).rows()).isEqualTo(complete);
    assertThatThrownBy(() -> skips.setHandleInvalid("error").featureImportances(rows(), OPTIONS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has a null feature");
  }

  @Test
  void theResultIsATableAndAChart() {
    FeatureImportances found =
        vectors.featureImportances(assembled(rows()), OPTIONS.withRepeats(1));
    Dataset<Row> table = found.toDataFrame(TestSpark.local());
    assertThat(table.columns()).containsExactly("feature", "importance", "deviation");
    List<Row> collected = table.collectAsList();
    assertThat(collected.stream().map(row -> row.getString(0)))
        .containsExactlyElementsOf(found.sorted().stream().map(Importance::feature).toList());
    assertThat(collected.get(0).getDouble(1)).isEqualTo(found.sorted().get(0).mean());
    assertThat(collected.get(0).getDouble(2)).isZero();
    assertThat(found.toSvg()).startsWith("<svg ").contains(">x<", ">y<", ">z<");
  }

  @Test
  void aLoadedModelReadsTheLabelThatItWasTrainedOnOrAnotherColumn(@TempDir Path folder)
      throws Exception {
    String path = folder.resolve("model").toString();
    vectors.save(path);
    FocalLossClassificationModel loaded = FocalLossClassificationModel.load(path);
    Dataset<Row> rows = assembled(rows());
    FeatureImportances expected = vectors.featureImportances(rows, OPTIONS.withRepeats(1));
    assertThat(loaded.featureImportances(rows, OPTIONS.withRepeats(1))).isEqualTo(expected);
    Dataset<Row> renamed = rows.withColumnRenamed("target", "truth");
    assertThat(loaded.featureImportances(renamed, OPTIONS.withRepeats(1).withLabelCol("truth")))
        .isEqualTo(expected);
    assertThatThrownBy(() -> loaded.featureImportances(renamed))
        .hasMessageStartingWith("Column \"target\" (labelCol) does not exist; the columns are id,");
  }

  @Test
  void badInputIsRefusedInOneSentence() {
    Dataset<Row> rows = assembled(rows());
    assertThatThrownBy(() -> OPTIONS.withMetric("loss"))
        .hasMessage(
            "metric is \"loss\"; choose macroRecall, accuracy, macroF1, microF1, logLoss, prAuc or auc.");
    assertThatThrownBy(() -> OPTIONS.withRepeats(0))
        .hasMessage("repeats is 0; it must be from 1 to 100.");
    assertThatThrownBy(() -> vectors.featureImportances(rows.limit(0)))
        .hasMessage(
            "The dataset has no rows to explain the model by; give it some hundreds or more.");
    assertThatThrownBy(() -> vectors.featureImportances(rows.limit(1)))
        .hasMessage(
            "The dataset has 1 row, which nothing can be exchanged with; give it some hundreds or"
                + " more.");
    assertThatThrownBy(() -> vectors.featureImportances(rows.where("target = 0")))
        .hasMessage(
            "The rows do not define prAuc, as if they lacked a class or a score was no number; give"
                + " rows of all classes, or set metric to logLoss.");
    assertThatThrownBy(
            () -> vectors.featureImportances(rows.withColumn("target", col("target").plus(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Column \"target\" has the label 2.0; labels must be whole numbers from 0 to 1, as the"
                + " model's classes.");
    assertThatThrownBy(
            () -> vectors.featureImportances(rows.withColumn("target", expr("cast(null as int)"))))
        .hasMessage(
            "Column \"target\" has the label null; labels must be whole numbers from 0 to 1, as the"
                + " model's classes.");
    assertThatThrownBy(() -> vectors.featureImportances(rows.drop("vector")))
        .hasMessageStartingWith("Column \"vector\" (featuresCol) does not exist");
  }
}
