package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.regexp_extract;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.testing.TestSpark;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Columns with the bytes of image files, and Spark's image source. */
@Timeout(240)
class ImageColumnsIT {

  private static final int SIDE = 8;

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** Digits as PNG files of 8 x 8 pixels: label, content, and whether to test with. */
  private static Dataset<Row> digits() {
    Dataset<Row> arrays = ImagesIT.digits();
    return arrays.select(
        col("label"),
        udf(
                (UDF1<scala.collection.Iterable<Float>, byte[]>) ImageColumnsIT::png,
                DataTypes.BinaryType)
            .apply(col("features"))
            .as("content"),
        col("test"));
  }

  private static byte[] png(scala.collection.Iterable<Float> pixels) throws IOException {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    int i = 0;
    for (var values = pixels.iterator(); values.hasNext(); i++) {
      int grey = Math.min(255, Math.round(((Number) (Object) values.next()).floatValue() * 16));
      image.getRaster().setSample(i % SIDE, i / SIDE, 0, grey);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  private static FocalLossClassifier classifier() {
    return new FocalLossClassifier()
        .setFeaturesCol("content")
        .setInputShape(1, SIDE, SIDE)
        .setValidationFraction(0)
        .setMaxIter(12)
        .setBatchSize(64)
        .setNumWorkers(2);
  }

  private static double accuracy(Dataset<Row> scored) {
    return scored.select(avg(expr("if(label = prediction, 1.0D, 0.0D)"))).head().getDouble(0);
  }

  @Test
  void imageFilesTrainConvolutionsAndScoreAlike(@TempDir Path folder) throws IOException {
    Dataset<Row> digits = digits().cache();
    Dataset<Row> test = digits.where("test");
    FocalLossClassificationModel model =
        classifier().setRandomCropPadding(1).fit(digits.where("not test"));
    Dataset<Row> scored = model.transform(test);
    assertThat(accuracy(scored)).isGreaterThan(0.975);
    assertThat(model.numFeatures()).isEqualTo(SIDE * SIDE);

    String path = folder.resolve("model").toString();
    model.save(path);
    FocalLossClassificationModel loaded = FocalLossClassificationModel.load(path);
    assertThat(loaded.transform(test).collectAsList()).isEqualTo(scored.collectAsList());

    // Files as Spark's two sources read them.
    Path files = Files.createDirectory(folder.resolve("files"));
    List<Row> some = test.select("content").limit(40).collectAsList();
    for (int i = 0; i < some.size(); i++) {
      Files.write(files.resolve(i + ".png"), some.get(i).<byte[]>getAs(0));
    }
    Files.writeString(files.resolve("100.png"), "no image");
    Dataset<Row> images =
        TestSpark.local().read().format("image").option("dropInvalid", false).load(files + "/");
    Dataset<Row> bytes = TestSpark.local().read().format("binaryFile").load(files + "/");
    loaded.setHandleInvalid("skip");
    List<Row> ofBytes = byName(loaded.transform(bytes), "path");
    assertThat(ofBytes).hasSize(40);
    List<Row> ofImages = byName(loaded.setFeaturesCol("image").transform(images), "image.origin");
    assertThat(ofImages).isEqualTo(ofBytes);
    loaded.setHandleInvalid("error");
    assertThatThrownBy(() -> loaded.transform(images).collectAsList())
        .hasStackTraceContaining("has a row without an image that can be read");
  }

  private static List<Row> byName(Dataset<Row> scored, String name) {
    Column number = regexp_extract(col(name), "(\\d+)[.]png", 1).cast("int");
    return scored.select(number.as("n"), col("probability")).orderBy("n").collectAsList();
  }

  @Test
  void whatCannotBeReadIsRefusedOrLeftOut() {
    Dataset<Row> digits = digits();
    Dataset<Row> damaged =
        digits.withColumn(
            "content",
            expr("if(label = 3, substring(content, 1, 40), if(label = 4, null, content))"));
    assertThatThrownBy(() -> classifier().fit(damaged.where("label != 4")))
        .hasMessage(
            "Column \"content\" has a row without an image that can be read (there are 40 bytes); set handleInvalid to skip, or leave such rows out.");
    FocalLossClassificationModel model =
        classifier().setMaxIter(1).setHandleInvalid("skip").fit(damaged);
    assertThat(model.summary().classCounts()[3]).isZero();
    assertThat(model.summary().classCounts()[4]).isZero();
    assertThat(model.transform(damaged).where("label in (3, 4)").count()).isZero();
    assertThatThrownBy(() -> model.featureImportances(digits))
        .hasMessageContaining("whose values have no importance of their own");
  }

  @Test
  void randomChangesAreOfTheRunsOwnNumbers() {
    Dataset<Row> digits = digits().repartition(3).cache();
    FocalLossClassifier classifier =
        classifier().setMaxIter(1).setRandomHorizontalFlip(true).setRandomCropPadding(2);
    FocalLossClassificationModel model = classifier.fit(digits);
    List<Row> scored = model.transform(digits).select("probability").collectAsList();
    assertThat(classifier.fit(digits).transform(digits).select("probability").collectAsList())
        .isEqualTo(scored);
    assertThat(
            classifier
                .setRandomHorizontalFlip(false)
                .fit(digits)
                .transform(digits)
                .select("probability")
                .collectAsList())
        .isNotEqualTo(scored);
  }

  @Test
  void everyNetworkOfNumbersTakesImages() {
    Dataset<Row> digits = digits();
    FocalLossClassificationModel model =
        classifier().setNetwork("mlp").setHiddenLayers(32).fit(digits.where("not test"));
    assertThat(accuracy(model.transform(digits.where("test")))).isGreaterThan(0.9);
    assertThat(
            model
                .copy(org.apache.spark.ml.param.ParamMap.empty())
                .setAttributionCol("why")
                .transform(digits.limit(1))
                .select("why")
                .head()
                .<org.apache.spark.ml.linalg.Vector>getAs(0)
                .size())
        .isEqualTo(SIDE * SIDE);
  }

  @Test
  void aTrainingMayBeginWithAModelOfTheSameImages() {
    Dataset<Row> digits = digits();
    FocalLossClassificationModel model = classifier().setMaxIter(2).fit(digits);
    FocalLossClassificationModel next =
        classifier().setMaxIter(1).setInitialModel(model).fit(digits);
    assertThat(next.summary().objectiveHistory()[0])
        .isLessThan(model.summary().objectiveHistory()[0]);
    assertThatThrownBy(
            () ->
                classifier()
                    .setFeaturesCol("features")
                    .setNetwork("cnn")
                    .setInitialModel(model)
                    .fit(ImagesIT.digits()))
        .hasMessage(
            "initialModel was trained on images of inputShape [1, 8, 8], but the rows are numbers; give it rows as it was trained on.");
  }

  @Test
  void badColumnsAndParamsAreRefused() {
    Dataset<Row> digits = digits();
    assertThatThrownBy(() -> classifier().setInputShape().fit(digits))
        .hasMessage(
            "Column \"content\" has images, and inputShape says nothing of their size; set inputShape to channels, height and width, as 3, 64, 64.");
    assertThatThrownBy(() -> classifier().setNetwork("tabular").fit(digits))
        .hasMessageContaining("has images, which network tabular does not take");
    assertThatThrownBy(
            () ->
                new FocalLossClassifier()
                    .setFeaturesCols("content", "test")
                    .setInputShape(1, 8, 8)
                    .fit(digits))
        .hasMessageContaining("cannot be mixed with other columns");
    assertThatThrownBy(
            () -> new FocalLossClassifier().setRandomCropPadding(1).fit(ImagesIT.digits()))
        .hasMessageContaining("randomCropPadding is 1, but the rows are not known to be images");
    assertThatThrownBy(() -> classifier().setRandomCropPadding(8).fit(digits))
        .hasMessage("randomCropPadding is 8, but images have 8 x 8 pixels; lower it.");
    FocalLossClassificationModel model = classifier().setMaxIter(1).fit(digits);
    assertThatThrownBy(
            () ->
                model
                    .copy(org.apache.spark.ml.param.ParamMap.empty())
                    .setFeaturesCol("features")
                    .transform(ImagesIT.digits()))
        .hasMessageContaining("has numbers, but the model was trained on images");
    FocalLossClassificationModel ofNumbers =
        new FocalLossClassifier().setMaxIter(1).fit(ImagesIT.digits());
    assertThatThrownBy(() -> ofNumbers.setFeaturesCol("content").transform(digits))
        .hasMessageContaining("has images, but the model was trained on numbers");
  }
}
