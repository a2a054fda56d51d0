package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.testing.LogLines;
import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.evaluation.BinaryClassificationEvaluator;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Columns as they come: numbers, booleans, texts, dates, times, vectors and arrays, with gaps. */
@Timeout(180)
class TabularIT {

  private static final int ROWS = 4000;

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** The label follows from the text, from whether the number is missing, and from a threshold. */
  private static Dataset<Row> rows() {
    return TestSpark.local()
        .range(0, ROWS, 1, 4)
        .withColumn("h", expr("abs(xxhash64(id)) % 1000"))
        .withColumn("text", expr("if(h % 13 = 0, null, concat('v', h % 7))"))
        .withColumn("number", expr("if(h % 5 = 0, null, double(h) / 10)"))
        .withColumn("flag", expr("h % 2 = 0"))
        .withColumn("day", expr("date_add(date'2020-01-01', int(h % 365))"))
        .withColumn("time", expr("timestamp_seconds(1600000000 + h * 1000)"))
        .withColumn("list", expr("array(float(h % 3), if(h % 11 = 0, null, float(h % 4)))"))
        .withColumn(
            "label",
            expr("if(text = 'v1' or number is null and flag or day < date'2020-02-01', 1, 0)"));
  }

  private static FocalLossClassifier classifier() {
    return new FocalLossClassifier()
        .setFeaturesCols("text", "number", "flag", "day", "time", "list")
        .setNumWorkers(2);
  }

  private static double auc(Dataset<Row> scored) {
    return new BinaryClassificationEvaluator().evaluate(scored);
  }

  @Test
  void columnsOfEveryTypeAreLearnedWithTheirGaps(@TempDir Path folder) throws IOException {
    Dataset<Row> rows = rows();
    FocalLossClassificationModel model = classifier().fit(rows);
    Dataset<Row> scored = model.transform(rows);
    assertThat(auc(scored)).isGreaterThan(0.999);
    assertThat(model.numFeatures()).isEqualTo(7);
    TableEncoding encoding = (TableEncoding) model.network().encoding();
    assertThat(encoding.encoded().stream().map(TableEncoding.Feature::name))
        .containsExactly("text", "number", "flag", "day", "time", "list_0", "list_1");
    assertThat(encoding.categorySizes()).containsExactly(9);
    assertThat(encoding.missingNumbers()).containsExactly(0, 5);

    String path = folder.resolve("model").toString();
    model.save(path);
    List<Row> before = scored.select("probability").orderBy("id").collectAsList();
    List<Row> after =
        FocalLossClassificationModel.load(path)
            .transform(rows)
            .select("probability")
            .orderBy("id")
            .collectAsList();
    assertThat(after).isEqualTo(before);
  }

  @Test
  void aTextThatTrainingNeverSawIsScoredAsARareOne() {
    FocalLossClassificationModel model = classifier().setMaxIter(2).fit(rows());
    Dataset<Row> one = rows().where("id = 5");
    Row rare = model.transform(one.withColumn("text", expr("'never seen'"))).head();
    Row other = model.transform(one.withColumn("text", expr("'never seen either'"))).head();
    assertThat(rare.<Vector>getAs("probability")).isEqualTo(other.<Vector>getAs("probability"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"error", "skip", "keep"})
  void handleInvalidDecidesOnRowsThatLackAFeature(String choice) {
    Dataset<Row> rows = rows();
    FocalLossClassifier classifier = classifier().setMaxIter(1).setHandleInvalid(choice);
    if (choice.equals("error")) {
      assertThatThrownBy(() -> classifier.fit(rows)).hasMessageContaining("has a null feature");
      FocalLossClassificationModel model = classifier().setMaxIter(1).fit(rows);
      assertThatThrownBy(() -> model.setHandleInvalid("error").transform(rows).collect())
          .hasStackTraceContaining("has a null feature");
      return;
    }
    long complete =
        rows.where("text is not null and number is not null and list[1] is not null").count();
    FocalLossClassificationModel model = classifier.fit(rows);
    TrainingSummary summary = model.summary();
    long used = summary.validationRows() + java.util.Arrays.stream(summary.classCounts()).sum();
    assertThat(used).isEqualTo(choice.equals("skip") ? complete : ROWS);
    assertThat(model.transform(rows).count()).isEqualTo(choice.equals("skip") ? complete : ROWS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rowsThatAreLeftOutAreCountedBeforeAnExchangeToo(boolean shuffled) {
    Dataset<Row> rows = shuffled ? rows().repartition(3) : rows();
    long complete =
        rows.where("text is not null and number is not null and list[1] is not null").count();
    try (LogLines lines = new LogLines("io.sparkfocal.blocks")) {
      classifier().setMaxIter(1).setHandleInvalid("skip").fit(rows);
      assertThat(lines.lines())
          .contains((ROWS - complete) + " rows are left out, since a feature is missing.");
    }
  }

  @Test
  void aTenthOfTheRowsIsKeptAsideByTheirContent() {
    FocalLossClassifier classifier = classifier().setFeaturesCols("id", "text").setMaxIter(1);
    TrainingSummary one = classifier.fit(rows()).summary();
    TrainingSummary other = classifier.fit(rows().repartition(3)).summary();
    assertThat((double) one.validationRows() / ROWS).isCloseTo(0.1, within(0.04));
    assertThat(other.validationRows()).isEqualTo(one.validationRows());
    TrainingSummary none = classifier.setValidationFraction(0).fit(rows()).summary();
    assertThat(none.validationRows()).isZero();
    TrainingSummary few = classifier().setMaxIter(1).fit(rows().limit(900)).summary();
    assertThat(few.validationRows()).isZero();
    assertThat(few.classCounts()[0] + few.classCounts()[1]).isEqualTo(900);
  }

  @Test
  void anotherNetworkRefusesTextsAndGaps() {
    assertThatThrownBy(() -> classifier().setNetwork("mlp").fit(rows()))
        .hasMessage(
            "Column \"text\" (featuresCols) has type string, which network mlp does not take; set network to tabular, or index the column with StringIndexer.");
    assertThatThrownBy(() -> classifier().setFeaturesCols("number").setNetwork("mlp").fit(rows()))
        .hasMessage("Column \"number\" has a null feature; drop or fill such rows first.");
  }

  @Test
  void rankCountAndCutChangeNoEncoding() {
    FocalLossClassifier classifier = classifier().setValidationFraction(0).setMaxIter(1);
    var one = classifier.setNumWorkers(1).fit(rows()).network().encoding();
    var two = classifier.setNumWorkers(2).fit(rows().coalesce(1)).network().encoding();
    assertThat(io.sparkfocal.persist.EncodingFile.bytes((TableEncoding) one))
        .isEqualTo(io.sparkfocal.persist.EncodingFile.bytes((TableEncoding) two));
  }

  @Test
  void equalRowsAreOnBothSidesOfTheSplitSoThatFewValuesAreAllTrained() {
    Dataset<Row> rows =
        TestSpark.local()
            .range(0, 6000, 1, 3)
            .withColumn("text", expr("concat('v', id % 20)"))
            .withColumn("same", expr("5"))
            .withColumn("label", expr("if(text = 'v5', 1, 0)"));
    for (Dataset<Row> given : List.of(rows, rows.repartition(5))) {
      for (String column : List.of("text", "same")) {
        TrainingSummary summary =
            classifier().setFeaturesCols(column).setMaxIter(1).fit(given).summary();
        assertThat(summary.validationRows() / 6000.0).isCloseTo(0.1, within(0.02));
        assertThat(summary.classCounts()[1] / 300.0).isCloseTo(0.9, within(0.08));
      }
    }
  }

  @Test
  void aNumberThatMetadataCallsACategoryIsOneWhateverItsFraction() {
    Dataset<Row> rows =
        TestSpark.local()
            .range(0, 2000, 1, 2)
            .withColumn("kind", expr("double(id % 7) / 10"))
            .withColumn("label", expr("int(id % 7 in (1, 4, 6))"));
    NominalAttribute seven = NominalAttribute.defaultAttr().withName("kind").withNumValues(7);
    Dataset<Row> marked = rows.withColumn("kind", col("kind").as("kind", seven.toMetadata()));
    FocalLossClassificationModel model = classifier().setFeaturesCols("kind").fit(marked);
    assertThat(((TableEncoding) model.network().encoding()).categorySizes()).containsExactly(9);
    assertThat(auc(model.transform(rows))).isGreaterThan(0.999);
  }

  @Test
  void columnsOfAnotherTypeAreRefused() {
    FocalLossClassificationModel model = classifier().setMaxIter(1).fit(rows());
    assertThatThrownBy(() -> model.transform(rows().withColumn("day", expr("timestamp(day)"))))
        .hasMessage(
            "Column \"day\" is a timestamp, but the model was trained on a date there; cast it, or give the columns it was trained on.");
    assertThatThrownBy(() -> model.transform(rows().withColumn("text", expr("5"))))
        .hasMessageContaining("is a number, but the model was trained on a text there");
  }

  @Test
  void aCopyWithAllDefaultsSetTrainsTheSame() {
    FocalLossClassifier classifier = classifier().setMaxIter(1);
    FocalLossClassifier copy = classifier.copy(classifier.extractParamMap());
    assertThat(copy.fit(rows()).network().description())
        .isEqualTo(classifier.fit(rows()).network().description());
    FocalLossClassifier focal = classifier().setGamma(3);
    assertThat(LossChoice.of(focal.copy(focal.extractParamMap()))).isEqualTo(LossChoice.of(focal));
    FocalLossClassifier dual = classifier().setLoss("dualFocal");
    assertThat(LossChoice.of(dual.copy(dual.extractParamMap()))).isEqualTo(LossChoice.of(dual));
  }

  @Test
  void anEstimatorOfAnEarlierVersionKeepsItsDefaults(@TempDir Path folder) throws IOException {
    String path = folder.resolve("estimator").toString();
    new FocalLossClassifier().setSeed(3).save(path);
    Path metadata;
    try (var files = Files.list(Path.of(path, "metadata"))) {
      metadata =
          files.filter(f -> f.getFileName().toString().startsWith("part-")).findFirst().get();
    }
    ObjectMapper json = new ObjectMapper();
    ObjectNode node = (ObjectNode) json.readTree(Files.readString(metadata));
    ObjectNode defaults = (ObjectNode) node.get("defaultParamMap");
    defaults.remove(List.of("network", "validationFraction", "handleInvalid", "weightAveraging"));
    defaults.putArray("hiddenLayers").add(128).add(128);
    defaults.put("dropout", 0.0).put("loss", "focal").put("gamma", 2.0).put("alpha", "auto");
    defaults.put("maxIter", 15).put("batchSize", 256).put("learningRate", 0.003);
    defaults.put("earlyStoppingPatience", 0);
    Files.delete(metadata.resolveSibling("." + metadata.getFileName() + ".crc"));
    Files.writeString(metadata, json.writeValueAsString(node) + "\n");
    FocalLossClassifier earlier = FocalLossClassifier.load(path);
    assertThat(earlier.getNetwork()).isEqualTo("mlp");
    assertThat(earlier.getValidationFraction()).isZero();
    assertThat(earlier.getHandleInvalid()).isEqualTo("error");
    assertThat(LossChoice.of(earlier).toString()).isEqualTo("focal alpha=auto");
    Dataset<Row> rows = rows().where("number is not null");
    FocalLossClassificationModel model =
        earlier.setFeaturesCols("number", "h").setNumWorkers(1).fit(rows);
    assertThat(model.summary().epochs()).hasSize(15);
    assertThat(model.network().description().arguments()).containsEntry("hiddenLayers", "128,128");
  }
}
