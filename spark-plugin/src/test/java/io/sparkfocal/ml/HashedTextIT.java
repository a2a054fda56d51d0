package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.TestSpark;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Words hashed to as many features as {@link HashingTF} has by default: dense rows of 2 TB. */
@EnabledIfSystemProperty(
    named = "large.tests",
    matches = "true",
    disabledReason = "Takes long: profile nightly.")
class HashedTextIT {

  private static final int ROWS = 1_000_000;

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void aMillionRowsOf262144FeaturesTrainAndAreScoredInExecutorsOfTwoGigabytes() {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put("spark.master", "local-cluster[2,1,2048]");
    settings.put("spark.executor.memory", "2g");
    SparkSession spark = TestSpark.with(settings);
    try {
      Dataset<Row> words =
          spark
              .range(0, ROWS, 1, 16)
              .selectExpr(
                  "int(id % 20 = 0) label",
                  "transform(sequence(1, 50), i -> concat(if(i < 4, string(id % 20 = 0), ''), 'w', pmod(hash(id, i), 300000))) words");
      Dataset<Row> rows =
          new HashingTF()
              .setInputCol("words")
              .setOutputCol("features")
              .transform(words)
              .drop("words");
      FocalLossClassificationModel model =
          new FocalLossClassifier().setBatchSize(4096).setMaxIter(2).fit(rows);
      TrainingSummary summary = model.summary();
      assertThat(summary.numWorkers()).isEqualTo(2);
      assertThat(summary.restarts()).isZero();
      assertThat(summary.objectiveHistory()[1]).isLessThan(summary.objectiveHistory()[0]);
      assertThat(
              model.transform(rows).selectExpr("sum(int(prediction is not null))").first().get(0))
          .isEqualTo((long) ROWS);
    } finally {
      TestSpark.stop();
    }
  }
}
