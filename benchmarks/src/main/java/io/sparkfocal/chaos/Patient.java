package io.sparkfocal.chaos;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * The training that is disturbed: dropout, batch norm, validation and input that is repartitioned,
 * a few seconds long.
 */
final class Patient {

  private static final int ROWS = 6_000;

  private final BiFunction<FocalLossClassifier, Dataset<Row>, FocalLossClassificationModel> fit;
  private final Dataset<Row> rows;

  /**
   * A training.
   *
   * @param fit trains an estimator on rows
   */
  Patient(
      SparkSession spark,
      BiFunction<FocalLossClassifier, Dataset<Row>, FocalLossClassificationModel> fit) {
    this.fit = fit;
    rows =
        spark
            .range(ROWS)
            .withColumn("label", functions.expr("if(id % 20 = 0, 1, 0)"))
            .withColumn("a", functions.expr("label + 3 * pow(sin(id * 12.9898), 3)"))
            .withColumn("b", functions.expr("label * 2 + 3 * pow(cos(id * 78.233), 3)"))
            .withColumn("c", functions.expr("sin(id * 0.37)"))
            .withColumn("held_out", functions.expr("id % 7 = 3"))
            .repartition(5);
  }

  /** An estimator; the same seed for all. */
  FocalLossClassifier estimator() {
    return new FocalLossClassifier()
        .setFeaturesCols("a", "b", "c")
        .setValidationIndicatorCol("held_out")
        .setHiddenLayers(64, 64)
        .setDropout(0.2)
        .setBatchNorm(true)
        .setBatchSize(64)
        .setMaxIter(12)
        .setNumWorkers(2);
  }

  /** Trains with a checkpoint every 40 steps. */
  FocalLossClassificationModel train(String checkpointDir) {
    return fit.apply(
        estimator().setCheckpointDir(checkpointDir).setCheckpointInterval(40).setMaxRestarts(5),
        rows);
  }

  /** The bytes of a model's weights, saved into a folder. */
  static byte[] weights(FocalLossClassificationModel model, Path folder) throws IOException {
    model.write().overwrite().save(folder.toString());
    return Files.readAllBytes(folder.resolve("weights.safetensors"));
  }
}
