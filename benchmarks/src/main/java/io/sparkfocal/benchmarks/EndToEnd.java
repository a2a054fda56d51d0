package io.sparkfocal.benchmarks;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import io.sparkfocal.ml.TrainingSummary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * From Parquet files to a trained model with two workers, in a JVM of its own; prints its phases.
 */
public final class EndToEnd {

  static final int EPOCHS = 3;
  static final int BATCH_ROWS = 512;

  private EndToEnd() {}

  /** Takes the folder of the table; answers with the seconds since the JVM began. */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    double started = secondsOfJvm();
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("Spark Focal end to end")
            .config("spark.ui.enabled", false)
            .getOrCreate()) {
      double session = secondsOfJvm();
      Dataset<Row> table = spark.read().parquet(Path.of(arguments[0]).toString());
      FocalLossClassificationModel model = classifier().fit(table);
      double end = secondsOfJvm();
      TrainingSummary summary = model.summary();
      double training = summary.epochs().get(EPOCHS - 1).elapsedSeconds();
      Child.reply(
          String.format(
              Locale.ROOT,
              "%.2f %.4f JVM %.1f s, session %.1f s, count and read %.1f s, train %.1f s",
              end,
              summary.epochs().get(EPOCHS - 1).trainingLoss(),
              started,
              session - started,
              end - session - training,
              training));
    }
  }

  static FocalLossClassifier classifier() {
    return new FocalLossClassifier()
        .setFeaturesCols(MadeUpTable.names().toArray(String[]::new))
        .setLabelCol(MadeUpTable.LABEL)
        .setLoss("focal")
        .setAlpha("none")
        .setHiddenLayers(256, 256)
        .setValidationFraction(0)
        .setBatchSize(BATCH_ROWS)
        .setLearningRate(1e-3)
        .setMaxIter(EPOCHS)
        .setNumWorkers(2);
  }

  private static double secondsOfJvm() {
    long start = ProcessHandle.current().info().startInstant().orElseThrow().toEpochMilli();
    return (System.currentTimeMillis() - start) / 1e3;
  }
}
