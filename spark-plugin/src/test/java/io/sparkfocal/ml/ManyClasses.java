package io.sparkfocal.ml;

import io.sparkfocal.blocks.InputBlocks;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.testing.TestSpark;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** An application whose driver, ranks and blocks share a heap of 1 GB. */
public final class ManyClasses {

  private static final long START = System.nanoTime();

  private ManyClasses() {}

  /** No arguments. */
  public static void main(String[] arguments) {
    SparkSession spark = TestSpark.with(Map.of("spark.master", "local[2]"));
    calibrate(spark);
    count(spark);
    train(spark);
    spark.stop();
  }

  /** 1,000,000 validation rows of 1,000 classes: their scores would be 4 GB. */
  private static void calibrate(SparkSession spark) {
    Dataset<Row> rows =
        spark
            .range(0, 1_100_000, 1, 8)
            .selectExpr(
                "cast(hash(id) & 1023 as int) % 1000 label",
                "id % 11 > 0 held_out", "randn(1) noise")
            .selectExpr(
                "label", "held_out", "array(label / 100d + noise, label % 10d, noise) features");
    FocalLossClassificationModel model =
        quick()
            .setHiddenLayers(32)
            .setValidationIndicatorCol("held_out")
            .setCalibration("temperature")
            .setThresholdTuning("f1")
            .fit(rows);
    say(
        "calibrated on %d rows, %d thresholds"
            .formatted(
                Objects.requireNonNull(model.summary().calibration()).rows(),
                model.getThresholds().length));
  }

  /** 20,000 rows in each of 2,000 partitions: their numbers by class would be 1.6 GB. */
  private static void count(SparkSession spark) {
    Dataset<Row> rows =
        spark
            .range(0, 40_000_000, 1, 2_000)
            .selectExpr("cast(pmod(hash(id), 100000) as int) label", "float(id) f");
    TrainingColumns columns =
        TrainingColumns.of(rows.schema(), "", List.of("f"), "label", null, null);
    try (InputBlocks blocks = InputBlocks.read(spark.sparkContext(), columns, rows, 2)) {
      say("counted %d classes".formatted(blocks.counts().classRows().length));
    }
  }

  private static void train(SparkSession spark) {
    Dataset<Row> rows =
        spark
            .range(0, 200_000, 1, 2_000)
            .selectExpr(
                "cast(id % 100000 as int) label", "array(id % 100000 / 1e4, rand(1)) features");
    FocalLossClassificationModel model = quick().setHiddenLayers(4).setBatchSize(64).fit(rows);
    say("trained %d classes".formatted(model.numClasses()));
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setMaxIter(1);
  }

  private static void say(String what) {
    System.out.println(what + " after " + (System.nanoTime() - START) / 1_000_000_000 + " s");
  }
}
