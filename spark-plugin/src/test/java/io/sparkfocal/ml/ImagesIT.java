package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks for images, by name. */
@Timeout(180)
class ImagesIT {

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** 1,797 digits of 8 x 8 pixels, three in ten for the test. */
  static Dataset<Row> digits() {
    Dataset<Row> table =
        TestSpark.local()
            .read()
            .option("header", true)
            .option("inferSchema", true)
            .csv("../examples/data/digits.csv.gz");
    Column[] pixels =
        Arrays.stream(table.columns())
            .filter(name -> !name.equals("digit"))
            .map(name -> col(name).cast("float"))
            .toArray(Column[]::new);
    return table
        .select(col("digit").as("label"), array(pixels).as("features"))
        .withColumn("test", expr("abs(xxhash64(features)) % 10 < 3"));
  }

  private static FocalLossClassifier classifier() {
    return new FocalLossClassifier()
        .setNetwork("cnn")
        .setInputShape(1, 8, 8)
        .setValidationFraction(0)
        .setMaxIter(15)
        .setBatchSize(64)
        .setNumWorkers(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"global", "local"})
  void convolutionsReadDigits(String scope, @TempDir Path folder) throws IOException {
    Dataset<Row> digits = digits();
    FocalLossClassificationModel model =
        classifier().setBatchNormScope(scope).fit(digits.where("not test"));
    Dataset<Row> scored = model.transform(digits.where("test"));
    double accuracy =
        scored
            .select(functions.avg(expr("if(label = prediction, 1.0D, 0.0D)")))
            .head()
            .getDouble(0);
    assertThat(accuracy).isGreaterThan(0.975);
    String path = folder.resolve("model").toString();
    model.save(path);
    assertThat(
            FocalLossClassificationModel.load(path).transform(digits.where("test")).collectAsList())
        .isEqualTo(scored.collectAsList());
  }

  @Test
  void rowsThatAreNoImagesOfThatShapeAreRefused() {
    assertThatThrownBy(() -> classifier().setInputShape(3, 8, 8).fit(digits()))
        .hasMessage("inputShape is [3, 8, 8], which is 192 values, but a row has 64 features.");
    assertThatThrownBy(() -> classifier().setInputShape().fit(digits()))
        .hasMessageContaining("but images need channels, height and width");
    assertThatThrownBy(() -> classifier().setNetwork("resnet18").fit(digits()))
        .hasMessageContaining("ResNet-18 takes images of at least 32 pixels a side");
    assertThatThrownBy(() -> new FocalLossClassifier().setInputShape(1, 8, 8).fit(digits()))
        .hasMessageContaining("has no use for it");
  }
}
