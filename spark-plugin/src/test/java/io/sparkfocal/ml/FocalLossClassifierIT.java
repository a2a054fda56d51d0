package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.transform;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.data.Standardization;
import io.sparkfocal.testing.NarrowNetwork;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.train.EpochReport;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user of the estimator and its model sees, on ranks that are threads of one JVM. */
@Timeout(300)
class FocalLossClassifierIT {

  private static final int ROWS = 300;

  private static Dataset<Row> rows;

  @BeforeAll
  static void startSpark() {
    SparkSession spark = TestSpark.local();
    rows = Samples.rows(spark, ROWS).repartition(3).cache();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(16)
        .setBatchSize(32)
        .setMaxIter(12)
        .setLearningRate(0.02);
  }

  private static double accuracy(Dataset<Row> scored) {
    return (double) scored.where("label = prediction").count() / scored.count();
  }

  @Test
  void aModelRecognisesTheClassesAndTellsHowTrainingWent() {
    FocalLossClassificationModel model = quick().setValidationIndicatorCol("held_out").fit(rows);
    Dataset<Row> scored = model.transform(rows);
    assertThat(accuracy(scored)).isGreaterThan(0.85);
    assertThat(model.numClasses()).isEqualTo(3);
    assertThat(model.numFeatures()).isEqualTo(Samples.FEATURES);
    TrainingSummary summary = model.summary();
    assertThat(summary.epochs()).hasSize(12).extracting(EpochReport::epoch).contains(1, 12);
    assertThat(summary.objectiveHistory()).hasSize(12);
    assertThat(summary.objectiveHistory()[11]).isLessThan(summary.objectiveHistory()[0]);
    assertThat(summary.validationRows()).isEqualTo(ROWS / 5);
    assertThat(Arrays.stream(summary.classCounts()).sum()).isEqualTo(ROWS - ROWS / 5);
    assertThat(summary.numWorkers()).isEqualTo(3);
    assertThat(summary.rowsPerSecond()).isPositive();
    assertThat(summary.device()).isEqualTo("cpu()");
    double bestLoss = summary.epochs().get(summary.bestEpoch() - 1).validation().loss();
    assertThat(summary.epochs())
        .allSatisfy(e -> assertThat(e.validation().loss()).isGreaterThanOrEqualTo(bestLoss));
  }

  @Test
  void trainingInFloat16GivesNearlyTheModelOfFloat32() {
    FocalLossClassificationModel floats = quick().fit(rows);
    FocalLossClassificationModel halves = quick().setPrecision("float16").fit(rows);
    assertThat(weights(halves)).isNotEqualTo(weights(floats));
    assertThat(accuracy(halves.transform(rows)))
        .isCloseTo(accuracy(floats.transform(rows)), Offset.offset(0.02));
    double[] expected = floats.summary().objectiveHistory();
    double[] actual = halves.summary().objectiveHistory();
    assertThat(actual[11]).isCloseTo(expected[11], Offset.offset(0.05 * expected[11]));
  }

  @Test
  void transformAppendsLogitsProbabilitiesAndTheLikeliestClass() {
    FocalLossClassificationModel model = quick().setMaxIter(2).fit(rows);
    Dataset<Row> scored = model.transform(rows);
    assertThat(scored.schema()).isEqualTo(model.transformSchema(rows.schema()));
    assertThat(scored.columns())
        .containsExactly(
            "id",
            "label",
            "features",
            "weight",
            "held_out",
            "rawPrediction",
            "probability",
            "prediction");
    for (Row row : scored.collectAsList()) {
      double[] raw = row.<Vector>getAs("rawPrediction").toArray();
      double[] probability = row.<Vector>getAs("probability").toArray();
      double scale = Arrays.stream(raw).map(Math::exp).sum();
      for (int c = 0; c < 3; c++) {
        assertThat(probability[c]).isBetween(0.0, 1.0);
        assertThat(probability[c]).isCloseTo(Math.exp(raw[c]) / scale, within(1e-6));
      }
      int likeliest = row.<Vector>getAs("probability").argmax();
      assertThat(row.<Double>getAs("prediction")).isEqualTo(likeliest);
    }
  }

  private static Offset<Double> within(double tolerance) {
    return Offset.offset(tolerance);
  }

  @Test
  void thresholdsScaleTheProbabilities() {
    FocalLossClassificationModel model = quick().setMaxIter(2).fit(rows);
    model.setThresholds(1, 1, 0);
    assertThat(model.transform(rows).select("prediction").distinct().collectAsList())
        .extracting(row -> row.getDouble(0))
        .containsExactly(2.0);
    assertThatThrownBy(() -> model.setThresholds(1, 1))
        .hasMessage(
            "thresholds is [1.0, 1.0]; give one finite number of at least 0 for each of the 3 classes, at most one of them 0.");
  }

  @Test
  void emptyNamesLeaveOutputColumnsAway() {
    FocalLossClassificationModel model = quick().setMaxIter(1).setRawPredictionCol("").fit(rows);
    model.setProbabilityCol("").setPredictionCol("guess");
    assertThat(model.transform(rows).columns())
        .containsExactly("id", "label", "features", "weight", "held_out", "guess");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"sparse vector", "double array", "float array", "integer array", "columns"})
  void everyKindOfFeatureColumnGivesTheSameModel(String kind) {
    Dataset<Row> exact = rows.withColumn("features", rounded());
    FocalLossClassificationModel expected = quick().setMaxIter(2).fit(exact);
    FocalLossClassifier classifier = quick().setMaxIter(2);
    Column array = functions.vector_to_array(exact.col("features"), "float64");
    Dataset<Row> converted =
        switch (kind) {
          case "sparse vector" -> exact.withColumn("features", sparse(exact));
          case "double array" -> exact.withColumn("features", array);
          case "float array" -> exact.withColumn("features", array.cast("array<float>"));
          case "integer array" -> exact.withColumn("features", array.cast("array<int>"));
          default -> {
            classifier.setFeaturesCols("a.b", "f1", "f2", "f3");
            yield exact
                .withColumn("a.b", array.getItem(0))
                .withColumn("f1", array.getItem(1).cast("float"))
                .withColumn("f2", array.getItem(2).cast("int"))
                .withColumn("f3", array.getItem(3).cast("long"))
                .drop("features");
          }
        };
    FocalLossClassificationModel model = classifier.fit(converted);
    assertThat(weights(model)).isEqualTo(weights(expected));
    assertThat(predictions(model.transform(converted)))
        .isEqualTo(predictions(expected.transform(exact)));
  }

  private static Column rounded() {
    Column array = functions.vector_to_array(rows.col("features"), "float64");
    return functions.array_to_vector(transform(array, org.apache.spark.sql.functions::rint));
  }

  private static Column sparse(Dataset<Row> dataset) {
    return udf((Vector vector) -> (Vector) vector.toSparse(), new VectorUDT())
        .apply(dataset.col("features"));
  }

  private static List<Row> predictions(Dataset<Row> scored) {
    return scored.select("id", "prediction").orderBy("id").collectAsList();
  }

  private static List<Float> weights(FocalLossClassificationModel model) {
    return model.network().weights().values().stream()
        .flatMap(
            tensor -> IntStream.range(0, tensor.values().length).mapToObj(i -> tensor.values()[i]))
        .toList();
  }

  @Test
  void aWeightOfTwoIsARowTwice() {
    FocalLossClassifier oneStep =
        quick().setBatchSize(1000).setMaxIter(5).setOptimizer("sgd").setNumWorkers(1);
    Column repeats = expr("id % 3 + 1").cast("double");
    Dataset<Row> weighted = rows.withColumn("weight", repeats);
    Dataset<Row> repeated = rows.withColumn("copy", explode(expr("sequence(1, int(id % 3 + 1))")));
    FocalLossClassificationModel one =
        oneStep.setAlpha(1, 2, 3).setWeightCol("weight").fit(weighted);
    FocalLossClassificationModel other = oneStep.setWeightCol("").fit(repeated);
    assertClose(weights(one), weights(other), 1e-4f);
    assertClose(
        floats(((Standardization) one.network().encoding()).means()),
        floats(((Standardization) other.network().encoding()).means()),
        1e-5f);
  }

  private static List<Float> floats(double[] values) {
    return Arrays.stream(values).mapToObj(v -> (float) v).toList();
  }

  private static void assertClose(List<Float> one, List<Float> other, float tolerance) {
    assertThat(one).hasSameSizeAs(other);
    for (int i = 0; i < one.size(); i++) {
      assertThat(one.get(i)).isCloseTo(other.get(i), Offset.offset(tolerance));
    }
  }

  @Test
  void classNamesComeFromTheLabelsMetadataAndGoToThePrediction() {
    Dataset<Row> named =
        rows.withColumn("name", expr("element_at(array('low', 'mid', 'top'), label + 1)"));
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  new StringIndexer()
                      .setInputCol("name")
                      .setOutputCol("index")
                      .setStringOrderType("alphabetAsc"),
                  quick().setMaxIter(1).setLabelCol("index")
                });
    PipelineModel model = pipeline.fit(named);
    FocalLossClassificationModel classifier = (FocalLossClassificationModel) model.stages()[1];
    assertThat(classifier.classNames()).containsExactly("low", "mid", "top");
    StructType schema = model.transform(named).schema();
    assertThat(schema.apply("prediction").metadata().json()).contains("\"low\",\"mid\",\"top\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"int", "long", "double", "float", "decimal(5,1)"})
  void labelsMayBeOfAnyNumericType(String type) {
    Dataset<Row> typed = rows.withColumn("label", rows.col("label").cast(type));
    assertThat(quick().setMaxIter(1).fit(typed).numClasses()).isEqualTo(3);
  }

  @Test
  void sigmoidFocalTrainsOneLogitForTwoClasses() {
    Dataset<Row> binary = rows.where("label < 2");
    FocalLossClassificationModel model = quick().setLoss("sigmoidFocal").setAlpha(0.6).fit(binary);
    Row row = model.transform(binary).first();
    assertThat(row.<Vector>getAs("probability").size()).isEqualTo(2);
    assertThat(row.<Vector>getAs("rawPrediction").size()).isEqualTo(2);
    assertThat(accuracy(model.transform(binary))).isGreaterThan(0.9);
    assertThatThrownBy(() -> quick().setLoss("sigmoidFocal").setAlpha(0.6).fit(rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("alpha has 1 numbers ([0.6]), but there are 3 classes; give one per class.");
  }

  @Test
  void aProviderOfOnesOwnBuildsTheNetwork(@TempDir Path folder) throws Exception {
    FocalLossClassificationModel model =
        new FocalLossClassifier()
            .setMaxIter(2)
            .setNetwork(NarrowNetwork.class, Map.of("width", "5"))
            .fit(rows);
    assertThat(weights(model)).hasSize(Samples.FEATURES * 5 + 5 + 5 * 3 + 3);
    String path = folder.resolve("own").toString();
    model.save(path);
    assertThat(predictions(FocalLossClassificationModel.load(path).transform(rows)))
        .isEqualTo(predictions(model.transform(rows)));
  }

  @Test
  void earlyStoppingEndsBeforeTheLastEpoch() {
    FocalLossClassificationModel model =
        quick()
            .setMaxIter(200)
            .setValidationIndicatorCol("held_out")
            .setValidationMetric("macroRecall")
            .setEarlyStoppingPatience(2)
            .fit(rows);
    TrainingSummary summary = model.summary();
    assertThat(summary.epochs()).hasSize(summary.bestEpoch() + 2);
    assertThat(summary.epochs().size()).isLessThan(200);
  }

  @Test
  void scoringFailsWithASentenceOnRowsTheModelCannotTake() {
    FocalLossClassificationModel model = quick().setMaxIter(1).fit(rows);
    Dataset<Row> narrow = rows.withColumn("features", array(lit(1.0), lit(2.0)));
    assertThatThrownBy(() -> model.transform(narrow).collectAsList())
        .hasMessageContaining("has a row with 2 features where 4 are expected");
    assertThatThrownBy(() -> model.transform(rows.drop("features")))
        .hasMessageContaining("Column \"features\" (featuresCol) does not exist");
    assertThatThrownBy(() -> model.transform(model.transform(rows)))
        .hasMessageContaining("Output column \"rawPrediction\" exists already");
  }

  @Test
  void balancedAlphaHelpsTheRareClass() {
    Dataset<Row> imbalanced = rows.where("label = 0 or label = 2 and id % 50 = 9");
    long rare = imbalanced.where("label = 2").count();
    FocalLossClassificationModel balanced =
        quick().setMaxIter(6).setAlpha("balanced").fit(imbalanced);
    FocalLossClassificationModel plain = quick().setMaxIter(6).setAlpha("none").fit(imbalanced);
    assertThat(recall(balanced, imbalanced, rare))
        .isGreaterThanOrEqualTo(recall(plain, imbalanced, rare));
    assertThat(recall(balanced, imbalanced, rare)).isPositive();
  }

  private static double recall(FocalLossClassificationModel model, Dataset<Row> from, long rare) {
    Dataset<Row> scored = model.transform(from);
    return (double) scored.where("label = 2 and prediction = 2").count() / rare;
  }

  @Test
  void columnsAreFoundAsTheSessionsSqlFindsThem() {
    FocalLossClassifier classifier =
        quick()
            .setMaxIter(1)
            .setLabelCol("Label")
            .setWeightCol("WEIGHT")
            .setValidationIndicatorCol("Held_Out")
            .setFeaturesCols("`A.b`", "Weight", "ID");
    Dataset<Row> dotted = rows.withColumn("a.b", rows.col("weight"));
    FocalLossClassificationModel model = classifier.fit(dotted);
    assertThat(model.transform(dotted).count()).isEqualTo(ROWS);
    assertThat(model.summary().validationRows()).isEqualTo(ROWS / 5);
    assertThat(quick().setMaxIter(1).setFeaturesCol("FEATURES").fit(rows).transform(rows).count())
        .isEqualTo(ROWS);
    SparkSession spark = rows.sparkSession();
    spark.conf().set("spark.sql.caseSensitive", "true");
    try {
      assertThatThrownBy(() -> quick().setLabelCol("Label").fit(rows))
          .hasMessageStartingWith(
              "Column \"Label\" (labelCol) does not exist, but \"label\" does, and spark.sql.caseSensitive is true; the columns are");
      Dataset<Row> both = rows.withColumn("Weight", lit(1.0));
      FocalLossClassificationModel cased =
          quick().setMaxIter(1).setFeaturesCols("weight", "Weight").fit(both);
      assertThat(cased.transform(both.withColumn("Prediction", lit(1))).count()).isEqualTo(ROWS);
    } finally {
      spark.conf().unset("spark.sql.caseSensitive");
    }
  }

  @Test
  void otherColumnsMayShareAName() {
    FocalLossClassificationModel model = quick().setMaxIter(1).fit(rows);
    Dataset<Row> twice = rows.select(rows.col("id"), rows.col("features"), rows.col("id"));
    assertThat(model.transform(twice).columns())
        .containsExactly("id", "features", "id", "rawPrediction", "probability", "prediction");
    assertThat(model.transform(twice).count()).isEqualTo(ROWS);
  }

  @Test
  void wideSparseFeaturesTakeLittleMemory() {
    Dataset<Row> wide =
        rows.limit(20)
            .withColumn(
                "features",
                udf(
                        (Long id) ->
                            Vectors.sparse(1 << 18, new int[] {id.intValue()}, new double[] {1}),
                        new VectorUDT())
                    .apply(rows.col("id")));
    FocalLossClassificationModel model =
        quick().setHiddenLayers(2).setMaxIter(1).setNumWorkers(1).fit(wide);
    assertThat(model.transform(wide).count()).isEqualTo(20);
  }

  @Test
  void labelsAreNotNeededToScore() {
    FocalLossClassificationModel model = quick().setMaxIter(1).fit(rows);
    assertThat(model.transform(rows.select("id", "features")).count()).isEqualTo(ROWS);
    assertThat(
            model
                .transform(rows.select("id", "features").limit(0))
                .schema()
                .apply("prediction")
                .dataType())
        .isEqualTo(DataTypes.DoubleType);
  }
}
