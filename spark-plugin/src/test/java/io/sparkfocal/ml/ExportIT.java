package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.callUDF;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkfocal.export.ExportCase;
import io.sparkfocal.export.ExportReader;
import io.sparkfocal.testing.NarrowNetwork;
import io.sparkfocal.testing.TestSpark;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Date;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code transform} gives, and what readers of an export give; bin/check-exports reads in
 * Python what these tests leave.
 */
@Timeout(180)
class ExportIT {

  private static final double LOW_LOGIT = 3;

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** Columns of every type, with gaps; ids of which float32 holds no differences. */
  private static Dataset<Row> rows() {
    return TestSpark.local()
        .range(0, 2400, 1, 2)
        .withColumn("h", expr("abs(xxhash64(id)) % 1000"))
        .withColumn("text", expr("if(h % 13 = 0, null, concat('v', h % 7))"))
        .withColumn("number", expr("if(h % 5 = 0, null, double(h) / 10)"))
        .withColumn("flag", expr("h % 2 = 0"))
        .withColumn("day", expr("date_add(date'2020-01-01', int(h % 365))"))
        .withColumn("time", expr("timestamp_seconds(1600000000 + h * 1000)"))
        .withColumn("list", expr("array(float(h % 3), if(h % 11 = 0, null, float(h % 4)))"))
        .withColumn("large", expr("1000000000000L + h % 40"))
        .withColumn("x", expr("sin(h) * 3"))
        .withColumn("y", expr("float(cos(3 * h))"))
        .withColumn("noise", expr("abs(xxhash64(id, 1)) % 4 = 0"))
        .withColumn("late", expr("int((large % 40 < 9 or number is null and flag) != noise)"))
        .withColumn("kind", expr("int(if(x > 1, 2, if(noise, 0, large % 2)))"))
        .withColumn("labels", expr("array(int(x > 0), int(x + y > 1), late)"));
  }

  private static FocalLossClassifier classifier(String label, String... columns) {
    return new FocalLossClassifier()
        .setFeaturesCols(columns)
        .setLabelCol(label)
        .setMaxIter(3)
        .setNumWorkers(2);
  }

  /** As docs/serving.md says: dates in days, times in seconds, texts by index, NaN for a gap. */
  private static void add(List<Double> features, Object value, JsonNode about) {
    if (value instanceof Boolean flag) {
      features.add(flag ? 1.0 : 0);
    } else if (value instanceof Number number) {
      features.add(number.doubleValue());
    } else if (value instanceof Date date) {
      features.add((double) date.toLocalDate().toEpochDay());
    } else if (value instanceof Timestamp time) {
      features.add(time.getTime() / 1e3);
    } else if (value instanceof Vector vector) {
      Arrays.stream(vector.toArray()).forEach(features::add);
    } else if (value instanceof String text) {
      List<String> values = new ArrayList<>();
      about.get("features").get(features.size()).get("values").forEach(v -> values.add(v.asText()));
      features.add((double) values.indexOf(text));
    } else {
      features.add(Double.NaN);
    }
  }

  private static JsonNode about(Path folder) {
    try {
      return new ObjectMapper().readTree(folder.resolve("model.json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Exports, reads, and compares with {@code transform}, row by row and all at once. */
  private static Path assertReadAlike(
      String name, FocalLossClassificationModel model, Dataset<Row> rows, String... columns)
      throws Exception {
    Path folder = ExportCase.FOLDER.resolve(name);
    model.exportTo(folder.toString(), true);
    JsonNode about = about(folder);
    List<double[]> features = new ArrayList<>();
    List<double[]> probabilities = new ArrayList<>();
    List<Double> largest = new ArrayList<>();
    for (Row row : model.transform(rows).limit(150).collectAsList()) {
      List<Double> all = new ArrayList<>();
      for (String column : columns) {
        Object value = row.getAs(column);
        if (value instanceof scala.collection.Iterable<?>) {
          row.getList(row.fieldIndex(column)).forEach(element -> add(all, element, about));
        } else {
          add(all, value, about);
        }
      }
      features.add(all.stream().mapToDouble(Double::doubleValue).toArray());
      probabilities.add(row.<Vector>getAs("probability").toArray());
      Vector raw = row.getAs("rawPrediction");
      largest.add(Arrays.stream(raw.toArray()).map(Math::abs).max().orElseThrow());
    }
    ExportCase.writeExpected(folder, features, probabilities);
    try (ExportReader reader = new ExportReader(folder.resolve("torchscript"))) {
      for (List<float[]> found :
          List.of(
              reader.rows(features, DataType.FLOAT64), reader.batch(features, DataType.FLOAT64))) {
        for (int i = 0; i < found.size(); i++) {
          double close = largest.get(i) * model.temperature() < LOW_LOGIT ? 1e-6 : 1e-5;
          double[] given = new double[found.get(i).length];
          for (int c = 0; c < given.length; c++) {
            given[c] = found.get(i)[c];
          }
          assertThat(given).as("row %s", i).containsExactly(probabilities.get(i), within(close));
        }
      }
    }
    return folder;
  }

  @Test
  void aTableWithGapsTextsDatesAndIds() throws Exception {
    String[] columns = {"text", "number", "flag", "day", "time", "list", "large"};
    Dataset<Row> rows = rows();
    FocalLossClassificationModel model =
        classifier("late", columns).setCalibration("temperature").fit(rows);
    assertThat(model.temperature()).isNotEqualTo(1);
    Dataset<Row> unseen = rows.withColumn("text", expr("if(id % 7 = 0, 'never seen', text)"));
    Path folder = assertReadAlike("fit_table", model, unseen, columns);
    JsonNode about = about(folder);
    assertThat(about.get("columns")).hasSize(columns.length);
    assertThat(about.get("features").get(3).get("type").asText()).isEqualTo("date");
    assertThat(about.get("features").get(6).get("name").asText()).isEqualTo("list_1");
  }

  @Test
  void anEnsembleOfSeveralLabels() throws Exception {
    String[] columns = {"x", "y", "text"};
    assertReadAlike("fit_multilabel", classifier("labels", columns).fit(rows()), rows(), columns);
  }

  @Test
  void aPerceptronWithBatchNormAndIds() throws Exception {
    String[] columns = {"x", "y", "large"};
    assertReadAlike(
        "fit_mlp",
        classifier("kind", columns)
            .setNetwork("mlp")
            .setBatchNorm(true)
            .setDropout(0.1)
            .setCalibration("temperature")
            .fit(rows()),
        rows(),
        columns);
  }

  @Test
  void aLinearModelOfAVector() throws Exception {
    Dataset<Row> rows = rows().withColumn("v", expr("array(x, y, double(h))"));
    rows = rows.withColumn("v", org.apache.spark.ml.functions.array_to_vector(rows.col("v")));
    assertReadAlike(
        "fit_linear",
        classifier("kind").setFeaturesCol("v").setNetwork("linear").fit(rows),
        rows,
        "v");
  }

  @Test
  void oneOutputAndSeveralSigmoids() throws Exception {
    String[] columns = {"x", "y"};
    FocalLossClassifier one = classifier("late", columns).setLoss("sigmoidFocal");
    FocalLossClassificationModel model = one.setHiddenLayers(8).fit(rows());
    assertReadAlike("fit_one_output", model, rows(), columns);
    assertReadAlike(
        "fit_sigmoids",
        classifier("kind", columns).setLoss("sigmoidCrossEntropy").setHiddenLayers(8).fit(rows()),
        rows(),
        columns);
  }

  /** An image of 5 x 6 pixels by its values, channel by channel. */
  private static byte[] png(List<Integer> values) throws IOException {
    BufferedImage image = new BufferedImage(5, 6, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 30; i++) {
      int rgb = values.get(i) << 16 | values.get(30 + i) << 8 | values.get(60 + i);
      image.setRGB(i % 5, i / 5, rgb);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  @Test
  void imagesByTheirPixels() throws Exception {
    TestSpark.local()
        .udf()
        .register(
            "png",
            (org.apache.spark.sql.api.java.UDF1<scala.collection.Iterable<Integer>, byte[]>)
                pixels -> {
                  List<Integer> values = new ArrayList<>();
                  for (var all = pixels.iterator(); all.hasNext(); ) {
                    values.add(((Number) (Object) all.next()).intValue());
                  }
                  return png(values);
                },
            org.apache.spark.sql.types.DataTypes.BinaryType);
    Dataset<Row> rows =
        TestSpark.local()
            .range(0, 200, 1, 2)
            .withColumn(
                "pixels", expr("transform(sequence(0, 89), i -> int(abs(xxhash64(id, i)) % 256))"))
            .withColumn("content", callUDF("png", org.apache.spark.sql.functions.col("pixels")))
            .withColumn("label", expr("int(pixels[3] > 128)"));
    assertReadAlike(
        "fit_images",
        classifier("label")
            .setFeaturesCol("content")
            .setInputShape(3, 6, 5)
            .setValidationFraction(0)
            .fit(rows),
        rows,
        "pixels");
  }

  @Test
  void aNetworkOfTheUsersIsRefusedAndAFolderIsOverwrittenOnlyOnRequest(@TempDir Path temporary)
      throws IOException {
    FocalLossClassificationModel own =
        classifier("late", "x", "y")
            .setNetwork(NarrowNetwork.class, Map.of("width", "4"))
            .setMaxIter(1)
            .fit(rows());
    String folder = temporary.resolve("export").toString();
    assertThatThrownBy(() -> own.exportTo(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("provider \"" + NarrowNetwork.class.getName() + "\"");
    assertThat(temporary.resolve("export")).doesNotExist();
    FocalLossClassificationModel model =
        classifier("late", "x", "y").setNetwork("linear").setMaxIter(1).fit(rows());
    model.exportTo(folder);
    assertThatThrownBy(() -> model.exportTo(folder)).hasMessageContaining("exists already");
    Files.delete(temporary.resolve("export/onnx/model.onnx"));
    model.exportTo(folder, true);
    assertThat(temporary.resolve("export/onnx/model.onnx")).exists();
  }
}
