package io.sparkfocal.examples.images;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.regexp_extract;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.util.Locale;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Files of images, in a folder for each class: Spark reads their bytes, and executors make pixels
 * of them. Files that are no images are left out.
 */
public final class ImageFiles {

  private ImageFiles() {}

  /** Takes the folder that has the folders of the classes, and a side in pixels; 64 by default. */
  public static void main(String[] arguments) throws IOException {
    int side = arguments.length < 2 ? 64 : Integer.parseInt(arguments[1]);
    try (SparkSession spark = SparkSession.builder().appName("Spark Focal images").getOrCreate()) {
      System.out.printf(Locale.ROOT, "accuracy %.4f%n", accuracy(spark, arguments[0], side, 15, 0));
    }
  }

  /**
   * Share of the images that are recognised, of three in ten that training never saw.
   *
   * @param side to which images are resized
   * @param epochs of training
   * @param padding by how many pixels images are moved at most while training
   */
  static double accuracy(SparkSession spark, String folder, int side, int epochs, int padding)
      throws IOException {
    Dataset<Row> files =
        spark
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", true)
            .load(folder)
            .withColumn("class", regexp_extract(col("path"), "([^/]+)/[^/]+$", 1))
            .withColumn("test", expr("abs(xxhash64(path)) % 10 < 3"));
    Dataset<Row> rows =
        new StringIndexer().setInputCol("class").setOutputCol("label").fit(files).transform(files);
    FocalLossClassificationModel model =
        new FocalLossClassifier()
            .setFeaturesCol("content")
            .setInputShape(3, side, side)
            .setRandomCropPadding(padding)
            .setHandleInvalid("skip")
            .setMaxIter(epochs)
            .fit(rows.where("not test"));
    return model
        .transform(rows.where("test"))
        .select(avg(expr("if(label = prediction, 1.0D, 0.0D)")))
        .head()
        .getDouble(0);
  }
}
