package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.PredictionModel;
import org.apache.spark.ml.Predictor;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.classification.ProbabilisticClassificationModel;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.Params;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Estimator and model as Spark ML's own types, and the checks that Spark makes of its own. */
@Timeout(240)
class SparkTypesIT {

  private static final Path BEFORE =
      Path.of("../spark-plugin/src/test/resources/saved/before-spark-types");

  private static Dataset<Row> rows;
  private static FocalLossClassificationModel model;

  @BeforeAll
  static void fit() {
    rows = Samples.rows(TestSpark.local(), 300).repartition(3).cache();
    model = quick().fit(rows);
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setHiddenLayers(8).setMaxIter(2);
  }

  /** Texts and a number with gaps beside each other. */
  private static Dataset<Row> columns() {
    return rows.withColumn("text", expr("if(id % 7 = 0, null, concat('v', label))"))
        .withColumn("number", expr("if(id % 5 = 0, null, double(id) / 7)"));
  }

  private static void assertAlike(Vector actual, Vector expected) {
    assertThat(actual.toArray()).containsExactly(expected.toArray(), within(1e-5));
  }

  private static void assertScoresOfOneRow(
      FocalLossClassificationModel model, Vector features, Row scored) {
    assertAlike(model.predictRaw(features), scored.getAs("rawPrediction"));
    assertAlike(model.predictProbability(features), scored.getAs("probability"));
    assertThat(model.predict(features)).isEqualTo(scored.<Double>getAs("prediction"));
  }

  @Test
  void aVectorIsScoredAsTransformScoresIt() {
    ProbabilisticClassificationModel<Vector, FocalLossClassificationModel> asSpark = model;
    assertThat(asSpark.numClasses()).isEqualTo(3);
    assertThat(asSpark.numFeatures()).isEqualTo(Samples.FEATURES);
    FocalLossClassificationModel cut = model.copy(ParamMap.empty()).setThresholds(0.7, 0.2, 0.1);
    for (Row row : cut.transform(rows).limit(20).collectAsList()) {
      Vector features = row.getAs("features");
      assertScoresOfOneRow(cut, features, row);
      assertScoresOfOneRow(cut, features.toSparse(), row);
    }
    FocalLossClassificationModel few =
        model.copy(new ParamMap().put(model.thresholds(), new double[] {0.5}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> few.predict(Vectors.dense(1, 2, 3, 4)))
        .withMessageContaining("thresholds");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.predict(Vectors.dense(1, 2)))
        .withMessageContaining("a row with 2 features where 4 are expected");
  }

  @Test
  void aRowOfColumnsIsScoredWithIndicesForTextsAndNaNForWhatIsMissing() {
    Dataset<Row> columns = columns();
    FocalLossClassificationModel ofColumns =
        quick().setNetwork("tabular").setFeaturesCols("text", "number").fit(columns);
    List<String> texts =
        ((io.sparkfocal.data.TableEncoding) ofColumns.network().encoding())
            .encoded()
            .get(0)
            .category()
            .values();
    assertThat(texts).hasSize(3);
    for (Row row : ofColumns.transform(columns).limit(40).collectAsList()) {
      String text = row.getAs("text");
      Double number = row.getAs("number");
      Vector features =
          Vectors.dense(
              text == null ? Double.NaN : texts.indexOf(text),
              number == null ? Double.NaN : number);
      assertScoresOfOneRow(ofColumns, features, row);
    }
    Row unseen =
        ofColumns
            .transform(columns.limit(1).withColumn("text", expr("'other'")))
            .withColumn("number", expr("number"))
            .first();
    Double number = unseen.getAs("number");
    assertScoresOfOneRow(ofColumns, Vectors.dense(3, number == null ? Double.NaN : number), unseen);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ofColumns.predict(Vectors.dense(4, 1)))
        .withMessage(
            "Feature 0, the text \"text\", is 4.0; give its index in the dictionary, from 0 to 2, 3 for a text that is not in it, or NaN if it is missing.");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ofColumns
                    .copy(ParamMap.empty())
                    .setHandleInvalid("error")
                    .predict(Vectors.dense(Double.NaN, 1)))
        .withMessageContaining("at index 0, the feature NaN");
  }

  @Test
  void aDictionaryIsSharedByTheTasksOfAJvmAndIsThatOfItsNetwork(@TempDir Path folder)
      throws IOException {
    FocalLossClassificationModel ofColumns =
        quick().setNetwork("tabular").setFeaturesCols("text", "number").fit(columns());
    SentNetwork sent =
        SentNetwork.of(
            ofColumns.network(),
            JavaSparkContext.fromSparkContext(TestSpark.local().sparkContext()));
    assertThat(sent.encoding()).isSameAs(sent.encoding());
    String path = folder.resolve("model").toString();
    ofColumns.save(path);
    Path file = folder.resolve("model/network.json");
    String whole = Files.readString(file);
    Files.delete(folder.resolve("model/.network.json.crc"));
    Files.writeString(file, whole.replaceFirst("\"v\\d\"\\s*,\\s*", ""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FocalLossClassificationModel.load(path))
        .withMessageContaining("is damaged: its network has categories 5, but its table 4;");
  }

  @Test
  void ofSeveralLabelsThereAreProbabilitiesButNoClass() {
    Dataset<Row> labels = rows.withColumn("labels", expr("array(int(id % 2), int(id % 3 = 0))"));
    FocalLossClassificationModel several = quick().setLabelCol("labels").fit(labels);
    Row row = several.transform(labels).first();
    assertAlike(several.predictProbability(row.getAs("features")), row.getAs("probability"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> several.predict(row.getAs("features")))
        .withMessageStartingWith("predict returns one class, but rows of this model may have");

    // Spark's own thresholds allow one 0, since it divides by them.
    Row all = several.setThresholds(0, 0).transform(labels).first();
    assertThat(all.getList(all.fieldIndex("prediction"))).isEqualTo(List.of(0.0, 1.0));
  }

  @Test
  void labelsThatAreBestAlwaysPredictedDoNotFailTheFit() {
    // A held-out row far on the wrong side has both labels: only a threshold of 0 finds it.
    Dataset<Row> labels =
        rows.selectExpr(
            "id = 7 held_out",
            "array(double(if(id = 7, -1e6, id % 2)), double(id % 3)) features",
            "if(id = 7, array(1, 1), array(int(id % 2), int(id % 2))) labels");
    FocalLossClassificationModel tuned =
        new FocalLossClassifier()
            .setNetwork("linear")
            .setMaxIter(20)
            .setStandardization(false)
            .setLabelCol("labels")
            .setValidationIndicatorCol("held_out")
            .setThresholdTuning("recall=1.0")
            .fit(labels);
    assertThat(tuned.getThresholds()).containsExactly(0, 0);
  }

  /** As Spark's ParamsSuite.checkParams. */
  @Test
  void paramsBelongToTheirOwnerAndStandInOrder() {
    for (Params owner : List.of(new FocalLossClassifier(), quick(), model)) {
      Param<?>[] params = owner.params();
      assertThat(Arrays.stream(params).map(Param::name)).isSorted().doesNotHaveDuplicates();
      assertThat(params).allMatch(param -> param.parent().equals(owner.uid()));
      assertThat(owner.explainParams()).doesNotContain("null__");
      assertThat(owner.hasParam("rawPredictionCol")).isTrue();
    }
    assertThat(new FocalLossClassifier("mine").labelCol()).hasToString("mine__labelCol");
  }

  /** As Spark's MLTestingUtils.checkCopyAndUids. */
  @Test
  void copiesHaveTheSameUidAndParentAndSettersReturnTheirOwner() {
    FocalLossClassifier estimator = quick();
    assertThat(estimator.copy(ParamMap.empty()).uid()).isEqualTo(estimator.uid());
    assertThat(model.copy(ParamMap.empty()).uid()).isEqualTo(model.uid());
    FocalLossClassificationModel copy =
        model.copy(new ParamMap().put(model.predictionCol(), "guess"));
    assertThat(copy.parent()).isEqualTo(model.parent());
    assertThat(copy.getPredictionCol()).isEqualTo("guess");
    assertThat(copy.summary()).isSameAs(model.summary());
    Predictor<Vector, FocalLossClassifier, FocalLossClassificationModel> predictor = estimator;
    assertThat(predictor.setLabelCol("l").setFeaturesCol("f").setPredictionCol("p"))
        .isSameAs(estimator);
    assertThat(estimator.setProbabilityCol("pr").setRawPredictionCol("r")).isSameAs(estimator);
    PredictionModel<Vector, FocalLossClassificationModel> prediction = copy;
    assertThat(prediction.setFeaturesCol("features").setPredictionCol("q")).isSameAs(copy);
  }

  /** As Spark's MLTestingUtils.checkNumericTypes. */
  @ParameterizedTest
  @ValueSource(
      strings = {"tinyint", "smallint", "int", "bigint", "float", "double", "decimal(9,0)"})
  void labelsOfEveryNumericTypeGiveTheSameModel(String type) {
    Dataset<Row> typed = rows.withColumn("label", expr("cast(label as " + type + ")"));
    Vector features = rows.first().getAs("features");
    assertThat(quick().fit(typed).predictRaw(features)).isEqualTo(model.predictRaw(features));
  }

  /** As Spark's checkNominalOnDF and checkVectorSizeOnDF. */
  @Test
  void theColumnsOfScoresSayHowManyClassesThereAre() {
    StructType schema = model.transform(rows).schema();
    assertThat(AttributeGroup.fromStructField(schema.apply("probability")).size()).isEqualTo(3);
    assertThat(AttributeGroup.fromStructField(schema.apply("rawPrediction")).size()).isEqualTo(3);
    NominalAttribute prediction =
        (NominalAttribute)
            org.apache.spark.ml.attribute.Attribute.fromStructField(schema.apply("prediction"));
    assertThat(prediction.getNumValues().get()).isEqualTo(3);
    assertThat(schema.apply("prediction").dataType()).isEqualTo(DataTypes.DoubleType);
    assertThat(model.transformSchema(rows.schema())).isEqualTo(schema);
  }

  /** As Spark's DefaultReadWriteTest.testEstimatorAndModelReadWrite. */
  @Test
  void estimatorAndModelAreReadAsTheyWereWritten(@TempDir Path folder) throws Exception {
    FocalLossClassifier estimator =
        quick().setGamma(1.5).setWeightCol("weight").setThresholds(0.5, 0.2, 0.3).setSeed(5);
    estimator.save(folder.resolve("estimator").toString());
    FocalLossClassifier read = FocalLossClassifier.load(folder.resolve("estimator").toString());
    assertSameParams(read, estimator);
    Estimator<FocalLossClassificationModel> asSpark = read;
    FocalLossClassificationModel fitted = asSpark.fit(rows);
    fitted.save(folder.resolve("model").toString());
    FocalLossClassificationModel loaded =
        FocalLossClassificationModel.load(folder.resolve("model").toString());
    assertSameParams(loaded, fitted);
    Vector features = rows.first().getAs("features");
    assertThat(loaded.predictRaw(features)).isEqualTo(fitted.predictRaw(features));
    Model<FocalLossClassificationModel> asModel = loaded;
    assertThat(asModel.hasParent()).isFalse();
  }

  private static void assertSameParams(Params actual, Params expected) {
    assertThat(actual.uid()).isEqualTo(expected.uid());
    for (Param<?> param : expected.params()) {
      assertThat(actual.get(actual.getParam(param.name())).isDefined())
          .as(param.name())
          .isEqualTo(expected.get(param).isDefined());
      if (expected.isDefined(param)) {
        assertThat(actual.getOrDefault(actual.getParam(param.name())))
            .as(param.name())
            .isEqualTo(expected.getOrDefault(param));
      }
    }
  }

  @Test
  void theSummaryIsSparksAndIsSavedWithTheModel(@TempDir Path folder) throws Exception {
    FocalLossClassificationModel validated =
        quick().setValidationIndicatorCol("held_out").setCalibration("temperature").fit(rows);
    assertThat(validated.hasSummary()).isTrue();
    org.apache.spark.ml.classification.TrainingSummary summary = validated.summary();
    assertThat(summary.totalIterations()).isEqualTo(2);
    assertThat(summary.objectiveHistory()).hasSize(2);
    String path = folder.resolve("model").toString();
    validated.save(path);
    assertThat(FocalLossClassificationModel.load(path).summary())
        .usingRecursiveComparison()
        .isEqualTo(validated.summary());

    // A model scores without it.
    Files.writeString(Path.of(path, "summary.json"), "{");
    Files.deleteIfExists(Path.of(path, ".summary.json.crc"));
    assertThat(FocalLossClassificationModel.load(path).hasSummary()).isFalse();
  }

  @Test
  void whatTheVersionBeforeSavedStillLoads() throws Exception {
    FocalLossClassifier estimator =
        FocalLossClassifier.load(BEFORE.resolve("estimator").toString());
    assertThat(estimator.getGamma()).isEqualTo(1.5);
    assertThat(estimator.getHiddenLayers()).containsExactly(9, 8);
    assertThat(estimator.getThresholds()).containsExactly(0.5, 0.2, 0.3);
    assertThat(estimator.getWeightCol()).isEqualTo("weight");

    FocalLossClassificationModel ofVectors =
        FocalLossClassificationModel.load(BEFORE.resolve("vectors").toString());
    assertThat(ofVectors.getPredictionCol()).isEqualTo("guess");
    assertThat(ofVectors.getLabelCol()).isEqualTo("label");
    assertThat(ofVectors.hasSummary()).isFalse();
    FocalLossClassificationModel ofColumns =
        FocalLossClassificationModel.load(BEFORE.resolve("columns").toString());
    double[] expected =
        Files.readAllLines(BEFORE.resolve("probabilities.txt")).stream()
            .mapToDouble(Double::parseDouble)
            .toArray();
    Dataset<Row> columns = columns();
    assertThat(firsts(ofVectors.transform(rows)))
        .containsExactly(Arrays.copyOf(expected, 5), within(1e-6));
    assertThat(firsts(ofColumns.transform(columns)))
        .containsExactly(Arrays.copyOfRange(expected, 5, 10), within(1e-6));
  }

  /** As Spark Connect's server finds them. */
  @Test
  void aServerFindsBothByName() {
    assertThat(services(Estimator.class)).contains(FocalLossClassifier.class.getName());
    assertThat(services(Transformer.class)).contains(FocalLossClassificationModel.class.getName());
    assertThatIllegalStateException()
        .isThrownBy(() -> new FocalLossClassificationModel().transform(rows))
        .withMessage(
            "The model has no network; load one that was saved, or fit a FocalLossClassifier.");
    assertThat(model.estimatedSize()).isEqualTo(4 * (4 * 8 + 8 + 8 * 3 + 3));
  }

  private static List<String> services(Class<?> type) {
    return ServiceLoader.load(type).stream().map(found -> found.type().getName()).toList();
  }

  private static double[] firsts(Dataset<Row> scored) {
    return scored.where("id < 5").orderBy("id").select("probability").collectAsList().stream()
        .mapToDouble(row -> row.<Vector>getAs(0).apply(0))
        .toArray();
  }
}
