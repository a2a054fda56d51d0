package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.evaluation.MultilabelClassificationEvaluator;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows with several labels. */
@Timeout(240)
class MultilabelIT {

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** Four labels of 3,000 rows: a common one, a rare one, one of a curve and one of both. */
  private static Dataset<Row> rows() {
    return TestSpark.local()
        .range(0, 3000, 1, 2)
        .withColumn("x", expr("sin(id * 12.9898) * 3"))
        .withColumn("y", expr("cos(id * 78.233) * 3"))
        .withColumn("kind", expr("concat('k', id % 3)"))
        .withColumn(
            "on", expr("array(x > 0, x + y > 4.2, x * x + y * y < 4, kind = 'k1' and y > 0)"))
        .withColumn("labels", expr("transform(on, o -> if(o, 1, 0))"))
        .withColumn("vector", functions.array_to_vector(expr("transform(on, o -> double(o))")))
        // As Spark's evaluator reads them.
        .withColumn(
            "truth",
            expr("transform(filter(sequence(0, 3), i -> element_at(on, i + 1)), i -> double(i))"))
        .withColumn("test", expr("id % 4 = 0"));
  }

  private static FocalLossClassifier classifier() {
    return new FocalLossClassifier()
        .setFeaturesCols("x", "y", "kind")
        .setLabelCol("labels")
        .setMaxIter(15)
        .setNumWorkers(2);
  }

  private static double f1(Dataset<Row> scored, String metric) {
    return new MultilabelClassificationEvaluator()
        .setLabelCol("truth")
        .setMetricName(metric)
        .evaluate(scored.where("size(truth) > 0"));
  }

  @Test
  void severalLabelsOfARowAreLearntAndSparksEvaluatorReadsThem(@TempDir Path folder)
      throws Exception {
    Dataset<Row> rows = rows().cache();
    FocalLossClassificationModel model =
        classifier()
            .setThresholdTuning("f1")
            .setCalibration("temperature")
            .setValidationMetric("microF1")
            .fit(rows.where("not test"));
    assertThat(model.isMultilabel()).isTrue();
    assertThat(model.numClasses()).isEqualTo(4);
    Dataset<Row> scored = model.transform(rows.where("test")).cache();
    assertThat(scored.schema().apply("prediction").dataType())
        .isEqualTo(DataTypes.createArrayType(DataTypes.DoubleType, false));
    assertThat(f1(scored, "microF1Measure")).isGreaterThan(0.93);
    TrainingSummary summary = model.summary();
    assertThat(summary.loss()).startsWith("asymmetric");
    assertThat(summary.classCounts()[0]).isBetween(800L, 1300L);
    assertThat(summary.calibration().expectedCalibrationError()).isLessThan(0.1);
    assertThat(model.getThresholds()).hasSize(4);
    for (Row row : scored.select("probability", "prediction", "rawPrediction").collectAsList()) {
      Vector probability = row.getAs(0);
      List<Double> predicted = row.getList(1);
      for (int c = 0; c < 4; c++) {
        assertThat(predicted.contains((double) c))
            .isEqualTo(probability.apply(c) >= model.getThresholds()[c]);
        assertThat(probability.apply(c))
            .isCloseTo(1 / (1 + Math.exp(-row.<Vector>getAs(2).apply(c))), within(1e-12));
      }
    }
    String path = folder.resolve("model").toString();
    model.save(path);
    FocalLossClassificationModel loaded = FocalLossClassificationModel.load(path);
    assertThat(loaded.isMultilabel()).isTrue();
    assertThat(loaded.transform(rows.where("test")).collectAsList())
        .isEqualTo(scored.collectAsList());
    assertThat(
            loaded.setAttributionCol("why").transform(rows.limit(2)).select("why").collectAsList())
        .hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tabular", "mlp"})
  void arraysAndVectorsOfLabelsGiveTheSameBitsOnEveryWay(String network) {
    Dataset<Row> rows = rows().cache();
    FocalLossClassifier classifier =
        classifier().setFeaturesCols("x", "y").setNetwork(network).setMaxIter(2);
    List<Row> ofArrays = classifier.fit(rows).transform(rows).select("probability").collectAsList();
    assertThat(
            classifier
                .setLabelCol("vector")
                .fit(rows)
                .transform(rows)
                .select("probability")
                .collectAsList())
        .isEqualTo(ofArrays);
    // The exchange of what comes out of a shuffle.
    FocalLossClassificationModel shuffled =
        classifier.copy(ParamMap.empty()).fit(rows.repartition(5));
    assertThat(shuffled.summary().epochs()).hasSize(2);
  }

  @Test
  void labelsMayBeProbabilities() {
    Dataset<Row> rows =
        TestSpark.local()
            .range(0, 4000, 1, 2)
            .withColumn("x", expr("id % 2"))
            .withColumn("labels", expr("array(if(x = 0, 0.2, 0.7), 0.5)"));
    FocalLossClassificationModel model =
        new FocalLossClassifier()
            .setFeaturesCols("x")
            .setLabelCol("labels")
            .setLoss("sigmoidCrossEntropy")
            .setMaxIter(10)
            .setNumWorkers(2)
            .fit(rows);
    for (Row row : model.transform(rows.limit(4)).select("x", "probability").collectAsList()) {
      Vector p = row.getAs(1);
      assertThat(p.apply(0)).isCloseTo(row.getLong(0) == 0 ? 0.2 : 0.7, within(0.02));
      assertThat(p.apply(1)).isCloseTo(0.5, within(0.02));
    }
  }

  /** Hashed words: the labels say which of them a row has. */
  @Test
  void sparseRowsMayHaveSeveralLabels() {
    Dataset<Row> rows =
        rows()
            .withColumn(
                "words",
                expr("transform(array(0, 1, 2, 3), i -> concat('w', i, element_at(on, i + 1)))"));
    Dataset<Row> hashed =
        new org.apache.spark.ml.feature.HashingTF()
            .setInputCol("words")
            .setOutputCol("hashed")
            .setNumFeatures(1 << 12)
            .transform(rows);
    FocalLossClassificationModel model =
        classifier().setFeaturesCols().setFeaturesCol("hashed").setMaxIter(6).fit(hashed);
    assertThat(f1(model.transform(hashed), "microF1Measure")).isGreaterThan(0.99);
  }

  /** None of the rows that train may have a label, which is kept for all that. */
  @Test
  void aLabelThatOnlyValidationRowsHaveSwitchesNothingOff() {
    Dataset<Row> rows =
        rows()
            .withColumn(
                "labels",
                expr("concat(labels, transform(sequence(0, 29), i -> int(id = 97 * i)))"));
    FocalLossClassificationModel model = classifier().setMaxIter(1).fit(rows);
    assertThat(model.summary().validationRows()).isGreaterThan(200);
    assertThat(model.numClasses()).isEqualTo(34);
  }

  @Test
  void rareProbabilitiesAreLabelsToo() {
    Dataset<Row> rows =
        TestSpark.local()
            .range(0, 2000, 1, 2)
            .selectExpr("id % 2 x", "array(if(id % 2 = 0, 0.02, 0.2)) labels");
    FocalLossClassificationModel model =
        new FocalLossClassifier()
            .setFeaturesCols("x")
            .setLabelCol("labels")
            .setLoss("sigmoidFocal", "gamma=0")
            .setPriorBias(true)
            .setMaxIter(20)
            .setNumWorkers(1)
            .fit(rows);
    assertThat(model.summary().classCounts()[0]).isBetween(190L, 205L);
    for (Row row : model.transform(rows.limit(4)).select("x", "probability").collectAsList()) {
      assertThat(row.<Vector>getAs(1).apply(0))
          .isCloseTo(row.getLong(0) == 0 ? 0.02 : 0.2, within(0.015));
    }
  }

  @Test
  void aSearchTriesLossesForSeveralLabels() {
    FocalLossClassificationModel model = classifier().setMaxIter(2).setLossSearch().fit(rows());
    assertThat(model.summary().search())
        .extracting(LossScore::loss)
        .containsExactly(
            "asymmetric alpha=none", "sigmoidCrossEntropy alpha=none", "sigmoidFocal alpha=none");
  }

  @Test
  void whatIsForOneClassIsRefused() {
    Dataset<Row> rows = rows();
    assertThatThrownBy(() -> classifier().setLoss("crossEntropy").fit(rows))
        .hasMessage(
            "loss is crossEntropy, which is for rows with one class each, but the rows have several labels; set it to asymmetric, sigmoidCrossEntropy, sigmoidFocal, qualityFocal or varifocal.");
    assertThatThrownBy(() -> classifier().setAlpha("balanced").fit(rows))
        .hasMessageContaining("has no class that it could weigh by");
    assertThatThrownBy(() -> classifier().setLogitAdjustment(1).fit(rows))
        .hasMessageContaining("logitAdjustment is 1.0, but the rows have several labels");
    assertThatThrownBy(() -> classifier().setNumClasses(7).fit(rows))
        .hasMessageContaining("numClasses is 7, but rows of column \"labels\" have 4 labels");
    assertThatThrownBy(() -> classifier().setThresholds(new double[] {0.5, 2, 0, 1}).fit(rows))
        .hasMessageContaining("give one number from 0 to 1 for each of the 4 labels");
    FocalLossClassificationModel model = classifier().setMaxIter(1).fit(rows);
    assertThatThrownBy(() -> model.featureImportances(rows))
        .hasMessageContaining("rows with several labels");
  }

  /** A sigmoid loss that knows class numbers alone. */
  public static final class OfClassNumbers implements ClassificationLoss {

    /** Made by name. */
    public OfClassNumbers() {}

    @Override
    public LossKernel prepare(NDManager manager, DataType dataType) {
      return (logits, labels) -> {
        throw new IllegalStateException("I want " + DataType.INT64 + ".");
      };
    }

    @Override
    public boolean isSigmoid() {
      return true;
    }
  }

  @Test
  void aLossOfTheUsersThatTakesNoLabelsIsRefusedBeforeTraining() {
    assertThatThrownBy(() -> classifier().setLoss(OfClassNumbers.class.getName()).fit(rows()))
        .hasMessageContaining("does not take several labels of a row")
        .hasMessageContaining("I want int64");
  }

  @Test
  void badLabelsAreRefusedInASentence() {
    Dataset<Row> rows = rows();
    assertThatThrownBy(
            () ->
                classifier()
                    .fit(rows.withColumn("labels", expr("if(id = 7, array(0, 2, 0, 0), labels)"))))
        .hasMessage(
            "Column \"labels\" has a row with the label 2.0 among several; each must be 0 or 1, or a probability between.");
    assertThatThrownBy(
            () -> classifier().fit(rows.withColumn("labels", expr("if(id = 7, null, labels)"))))
        .hasMessageContaining("has a row whose labels are null or none");
    assertThatThrownBy(
            () ->
                classifier()
                    .fit(
                        rows.withColumn(
                            "labels", expr("if(id = 7, array(0, null, 0, 0), labels)"))))
        .hasMessageContaining("has a row whose labels are null or none");
    assertThatThrownBy(
            () ->
                classifier()
                    .fit(rows.withColumn("labels", expr("if(id = 7, array(0, 1), labels)"))))
        .hasMessageContaining("has rows with 4 labels and rows with 2");
    assertThatThrownBy(
            () ->
                classifier()
                    .fit(rows.withColumn("labels", expr("if(id < 1500, array(0, 1), labels)"))))
        .hasMessageContaining("labels and rows with");
    Dataset<Row> declared =
        rows.withColumn(
            "vector",
            org.apache
                .spark
                .sql
                .functions
                .col("vector")
                .as(
                    "vector",
                    new org.apache.spark.ml.attribute.AttributeGroup("vector", 5).toMetadata()));
    assertThatThrownBy(() -> classifier().setLabelCol("vector").fit(declared))
        .hasMessageContaining("has rows with 4 labels, but its metadata names 5");
    assertThatThrownBy(() -> classifier().fit(rows.withColumn("labels", array(lit(1), lit(0)))))
        .hasMessageContaining("is the same in all");
  }
}
