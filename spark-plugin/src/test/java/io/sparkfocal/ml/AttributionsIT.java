package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.data.Standardization;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each feature has to do with a row's score. */
@Timeout(300)
class AttributionsIT {

  private static final String[] NUMBERS = {"x", "y", "z"};

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** The label follows from x, z and text; z is far from 0. */
  private static Dataset<Row> rows() {
    return TestSpark.local()
        .range(0, 3000, 1, 3)
        .withColumn("x", expr("hash(id, 2) % 1000 / 500"))
        .withColumn("y", expr("hash(id, 4) % 1000 / 10"))
        .withColumn("z", expr("100 + hash(id, 3) % 1000 / 500"))
        .withColumn("gap", expr("if(hash(id, 5) % 4 = 0, null, hash(id, 6) % 100 / 10)"))
        .withColumn("text", expr("concat('v', abs(hash(id, 7) % 4))"))
        .withColumn("three", expr("if(x > 0.5, 2, if(x + z > 100, 1, 0))"))
        .withColumn("two", expr("int(x * (z - 100) > 0)"))
        .withColumn("mixed", expr("int(text = 'v1' or gap is null)"));
  }

  private static FocalLossClassifier classifier(String network, String label, String... columns) {
    return new FocalLossClassifier()
        .setNetwork(network)
        .setFeaturesCols(columns)
        .setLabelCol(label)
        .setNumWorkers(2)
        .setMaxIter(8);
  }

  private static Dataset<Row> typical(FocalLossClassificationModel model, String... columns) {
    double[] values =
        model.network().encoding() instanceof Standardization standardization
            ? standardization.means()
            : ((TableEncoding) model.network().encoding())
                .encoded().stream().mapToDouble(feature -> feature.number().median()).toArray();
    Column[] all = new Column[columns.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = functions.lit(values[i]).as(columns[i]);
    }
    return TestSpark.local().range(1).select(all);
  }

  /** With two classes the log odds, else the raw score of the class. */
  private static double score(Row row, int c) {
    double[] raw = row.<Vector>getAs("rawPrediction").toArray();
    double[] p = row.<Vector>getAs("probability").toArray();
    return p.length == 2 ? Math.log(p[1] / p[0]) : raw[c];
  }

  @ParameterizedTest
  @CsvSource({"mlp,two", "mlp,three", "linear,three", "tabular,two", "tabular,three"})
  void thoseOfNumbersAddUpToTheDifferenceFromATypicalRow(String network, String label) {
    FocalLossClassificationModel model =
        classifier(network, label, NUMBERS).fit(rows()).setAttributionCol("why");
    Row typical = model.transform(typical(model, NUMBERS)).head();
    for (double one : typical.<Vector>getAs("why").toArray()) {
      assertThat(one).isCloseTo(0, within(1e-3));
    }
    double error = 0;
    double size = 0;
    for (Row row : model.transform(rows()).limit(200).collectAsList()) {
      int c = (int) row.<Double>getAs("prediction").doubleValue();
      double difference = score(row, c) - score(typical, c);
      double[] why = row.<Vector>getAs("why").toArray();
      assertThat(why).hasSize(3);
      double sum = Arrays.stream(why).sum();
      assertThat(sum).isCloseTo(difference, within(0.02 * Math.max(1, Math.abs(difference))));
      error += Math.abs(sum - difference);
      size += Math.abs(difference);
    }
    assertThat(error / size).isLessThan(0.01);
  }

  @Test
  void whatTheLabelDependsOnGetsMost() {
    FocalLossClassificationModel model =
        classifier("mlp", "two", NUMBERS).fit(rows()).setAttributionCol("why");
    Dataset<Row> scored = model.transform(rows());
    double[] sizes = new double[3];
    for (Row row : scored.select("why").collectAsList()) {
      double[] why = row.<Vector>getAs(0).toArray();
      for (int i = 0; i < why.length; i++) {
        sizes[i] += Math.abs(why[i]);
      }
    }
    assertThat(sizes[0]).isGreaterThan(2 * sizes[1]);
    assertThat(sizes[2]).isGreaterThan(2 * sizes[1]);
  }

  @Test
  void categoriesAndGapsAreTheDifferenceThatTheyMakeAlone() {
    FocalLossClassificationModel model =
        classifier("tabular", "mixed", "x", "gap", "text").fit(rows()).setAttributionCol("why");
    TableEncoding encoding = (TableEncoding) model.network().encoding();
    String usual = encoding.encoded().get(2).category().values().get(0);
    double median = encoding.encoded().get(1).number().median();
    Dataset<Row> some = rows().where("id < 400").orderBy("id");
    List<Row> scored = model.transform(some).collectAsList();
    List<Row> otherText =
        model.transform(some.withColumn("text", functions.lit(usual))).collectAsList();
    List<Row> otherGap =
        model.transform(some.withColumn("gap", functions.lit(median))).collectAsList();
    int gaps = 0;
    for (int i = 0; i < scored.size(); i++) {
      Row row = scored.get(i);
      double[] why = row.<Vector>getAs("why").toArray();
      double ofText = score(row, 1) - score(otherText.get(i), 1);
      assertThat(why[2]).isCloseTo(ofText, within(1e-3));
      if (row.isNullAt(row.fieldIndex("gap"))) {
        gaps++;
        double ofGap = score(row, 1) - score(otherGap.get(i), 1);
        assertThat(why[1]).isCloseTo(ofGap, within(1e-3));
        if (!row.<String>getAs("text").equals("v1")) {
          assertThat(why[1]).isGreaterThan(1);
        }
      }
    }
    assertThat(gaps).isGreaterThan(50);
  }

  @Test
  void theColumnIsOneOfManyAndOtherScoresDoNotChange(@TempDir Path folder) throws Exception {
    FocalLossClassificationModel plain = classifier("mlp", "three", NUMBERS).fit(rows());
    assertThat(plain.getAttributionCol()).isEmpty();
    FocalLossClassificationModel model = plain.copy(ParamMap.empty()).setAttributionCol("why");
    Dataset<Row> scored = model.transform(rows());
    assertThat(scored.schema()).isEqualTo(model.transformSchema(rows().schema()));
    assertThat(scored.columns()).endsWith("prediction", "why");
    List<Row> expected = plain.transform(rows()).orderBy("id").select("prediction").collectAsList();
    assertThat(scored.orderBy("id").select("prediction").collectAsList()).isEqualTo(expected);
    List<Row> alone = scored.orderBy("id").select("why").collectAsList();
    String path = folder.resolve("model").toString();
    model.setPredictionCol("").setRawPredictionCol("").setProbabilityCol("").save(path);
    FocalLossClassificationModel loaded = FocalLossClassificationModel.load(path);
    Dataset<Row> only = loaded.transform(rows());
    assertThat(only.columns()).endsWith("mixed", "why");
    assertThat(only.orderBy("id").select("why").collectAsList()).isEqualTo(alone);
  }

  @Test
  void whatCannotBeIsRefused() {
    FocalLossClassificationModel model =
        classifier("mlp", "two", NUMBERS).setMaxIter(1).setAttributionCol("why").fit(rows());
    assertThat(model.getAttributionCol()).isEqualTo("why");
    assertThatThrownBy(() -> model.transform(rows().withColumn("why", col("x"))))
        .hasMessage(
            "Output column \"why\" exists already; drop it or choose another name, an empty one for"
                + " no such column.");
    Dataset<Row> stream =
        TestSpark.local()
            .readStream()
            .format("rate")
            .load()
            .selectExpr("double(value) x", "double(value) y", "double(value) z");
    assertThatThrownBy(() -> model.transform(stream))
        .hasMessage(
            "attributionCol is \"why\", but the dataset is a stream, whose rows are scored one by"
                + " one; set it to an empty name, or call transform in foreachBatch.");
  }
}
