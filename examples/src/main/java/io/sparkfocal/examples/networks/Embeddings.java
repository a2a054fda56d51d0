package io.sparkfocal.examples.networks;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.expr;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Arrays of floats, as networks for texts and images give them, are features as they are: a
 * multilayer perceptron is trained on them. One row in twenty is of the class that is sought.
 */
public final class Embeddings {

  private static final int WIDTH = 384;

  private Embeddings() {}

  /** Takes how many rows to make up; 20,000 by default. */
  public static void main(String[] arguments) throws IOException {
    long rows = arguments.length == 0 ? 20_000 : Long.parseLong(arguments[0]);
    try (SparkSession spark =
        SparkSession.builder().appName("Spark Focal embeddings").getOrCreate()) {
      System.out.printf(Locale.ROOT, "recall of the rare class %.4f%n", recall(spark, rows));
    }
  }

  /** How many of the rare rows that training never saw are recognised. */
  static double recall(SparkSession spark, long rows) {
    Dataset<Row> table = rows(spark, rows);
    FocalLossClassificationModel model =
        new FocalLossClassifier()
            .setFeaturesCol("embedding")
            .setGamma(2)
            .setAlpha("balanced")
            .fit(table.where("not test"));
    return model
        .transform(table.where("test and label = 1"))
        .agg(avg(expr("prediction")))
        .head()
        .getDouble(0);
  }

  /** Rare rows are moved a little in every eighth direction. */
  private static Dataset<Row> rows(SparkSession spark, long rows) {
    return spark
        .range(rows)
        .withColumn("label", expr("int(id % 20 = 0)"))
        .withColumn("test", expr("abs(xxhash64(id)) % 10 < 3"))
        .withColumn(
            "embedding",
            expr(
                "transform(sequence(0, %s), i -> float((pmod(xxhash64(id, i), 2000) - 1000) / 1000 + if(label = 1 and i %% 8 = 0, 0.5, 0)))"
                    .formatted(WIDTH - 1)));
  }
}
