package io.sparkfocal.examples.networks;

import static org.apache.spark.sql.functions.expr;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.util.Locale;
import org.apache.spark.ml.evaluation.MultilabelClassificationEvaluator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Rows with several labels: an array of 0 and 1 for each row, asymmetric loss, a threshold for each
 * label. Spark's own evaluator reads what is predicted.
 */
public final class SeveralLabels {

  private SeveralLabels() {}

  /** Takes how many rows to make up; 20,000 by default. */
  public static void main(String[] arguments) throws IOException {
    long rows = arguments.length == 0 ? 20_000 : Long.parseLong(arguments[0]);
    try (SparkSession spark =
        SparkSession.builder().appName("Spark Focal several labels").getOrCreate()) {
      System.out.printf(Locale.ROOT, "micro F1 %.4f%n", microF1(spark, rows));
    }
  }

  /** On rows that training never saw. */
  static double microF1(SparkSession spark, long rows) {
    Dataset<Row> table = rows(spark, rows);
    FocalLossClassificationModel model =
        new FocalLossClassifier()
            .setFeaturesCols("temperature", "load", "site")
            .setLabelCol("alarms")
            .setThresholdTuning("f1")
            .setValidationMetric("microF1")
            .fit(table.where("not test"));
    return new MultilabelClassificationEvaluator()
        .setLabelCol("there")
        .setMetricName("microF1Measure")
        .evaluate(model.transform(table.where("test and size(there) > 0")));
  }

  /** Three alarms of machines, of which a row may have none or all. */
  private static Dataset<Row> rows(SparkSession spark, long rows) {
    return spark
        .range(rows)
        .withColumn("temperature", expr("pmod(xxhash64(id, 1), 1000) / 10.0"))
        .withColumn("load", expr("pmod(xxhash64(id, 2), 1000) / 1000.0"))
        .withColumn("site", expr("element_at(array('north', 'south', 'west'), int(id % 3) + 1)"))
        .withColumn("test", expr("abs(xxhash64(id)) % 10 < 3"))
        .withColumn(
            "on",
            expr(
                "array(temperature > 80, load > 0.9 and site = 'west', temperature + 100 * load > 150)"))
        .withColumn("alarms", expr("transform(on, a -> int(a))"))
        .withColumn(
            "there",
            expr("transform(filter(sequence(0, 2), i -> element_at(on, i + 1)), i -> double(i))"))
        .drop("on");
  }
}
