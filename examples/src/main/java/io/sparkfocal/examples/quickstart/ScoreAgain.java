package io.sparkfocal.examples.quickstart;

import io.sparkfocal.ml.FocalLossClassificationModel;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Loads a model, scores rows that were scored before it was saved, and fails if a prediction
 * differs.
 */
public final class ScoreAgain {

  private static final String BEFORE = "prediction_before";

  private ScoreAgain() {}

  /** Runs as a Spark application; the arguments are the model and the scored rows. */
  public static void main(String[] arguments) throws Exception {
    try (SparkSession spark = SparkSession.builder().appName("Score again").getOrCreate()) {
      FocalLossClassificationModel model = FocalLossClassificationModel.load(arguments[0]);
      Dataset<Row> before =
          spark
              .read()
              .parquet(arguments[1])
              .withColumnRenamed(model.getPredictionCol(), BEFORE)
              .drop(model.getProbabilityCol(), model.getRawPredictionCol());
      Dataset<Row> again = model.transform(before).cache();
      long rows = again.count();
      long differing =
          again
              .where(functions.col(BEFORE).notEqual(functions.col(model.getPredictionCol())))
              .count();
      System.out.printf(
          Locale.ROOT,
          "Loaded it in a fresh JVM and scored %,d rows again: %d predictions differ.%n%n",
          rows,
          differing);
      if (rows == 0 || differing > 0) {
        System.exit(1);
      }
    }
  }
}
