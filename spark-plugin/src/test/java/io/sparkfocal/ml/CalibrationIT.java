package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.LogLines;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.TiredNetwork;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is found out from validation rows is found out by the ranks, on all of them. */
@Timeout(300)
class CalibrationIT {

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setMaxIter(1)
        .setHiddenLayers(8)
        .setValidationIndicatorCol("held_out");
  }

  private static SparkSession smallResults() {
    return TestSpark.with(Map.of("spark.master", "local[2]", "spark.driver.maxResultSize", "1m"));
  }

  @Test
  void validationRowsDoNotComeToTheDriver() {
    Dataset<Row> rows =
        Samples.rows(smallResults(), 150_000).withColumn("held_out", expr("id % 2 = 0"));
    FocalLossClassificationModel plain = quick().fit(rows);
    assertThat(Objects.requireNonNull(plain.summary().calibration()).rows()).isEqualTo(75_000);
    FocalLossClassificationModel tuned =
        quick().setCalibration("temperature").setThresholdTuning("f1").fit(rows);
    assertThat(tuned.temperature()).isNotEqualTo(1);
    assertThat(Arrays.stream(tuned.getThresholds()).max().orElseThrow()).isEqualTo(1);
  }

  /** The scores of all rows would be 32 MB. */
  @Test
  void manyClassesHaveThresholdsOnADriverOfSmallResults() {
    Dataset<Row> rows =
        smallResults()
            .range(20_000)
            .selectExpr(
                "cast(id % 200 as int) label",
                "array(id % 200 / 10d, id % 14d, rand(1)) features", "id % 3 = 0 held_out");
    for (String tuning : new String[] {"f1", "recall=0.8"}) {
      FocalLossClassificationModel model =
          quick().setHiddenLayers(32).setThresholdTuning(tuning).fit(rows);
      assertThat(model.getThresholds()).hasSize(200);
      assertThat(Objects.requireNonNull(model.summary().calibration()).rows()).isEqualTo(6667);
    }
  }

  /** A tenth of a percent of the rows are of class 1; what the model says of them counts. */
  @Test
  void theRecallOfARareClassIsReachedOnAllValidationRows() {
    Dataset<Row> rows =
        TestSpark.local()
            .range(40_000)
            .selectExpr(
                "cast(if(id % 2000 < 2, 1, 0) as int) label",
                "array(randn(1) + if(id % 2000 < 2, 1, 0), randn(2)) features",
                "id % 2 = 0 held_out");
    FocalLossClassificationModel model =
        quick().setMaxIter(3).setThresholdTuning("recall=0.9").fit(rows.cache());
    Dataset<Row> rare = model.transform(rows.where("held_out and label = 1"));
    assertThat(rare.count()).isEqualTo(20);
    assertThat(rare.where("prediction = 1").count()).isEqualTo(18);
  }

  @Test
  void aCalibrationThatFailsIsWarnedOfAndTheModelKept() {
    Dataset<Row> rows = Samples.rows(TestSpark.local(), 300);
    FocalLossClassifier tired =
        new FocalLossClassifier()
            .setMaxIter(2)
            .setNetworkProvider(TiredNetwork.class.getName())
            .setNetworkArguments("batches=2")
            .setValidationIndicatorCol("held_out")
            .setCalibration("temperature")
            .setThresholdTuning("f1");
    try (LogLines log = new LogLines("io.sparkfocal.ml")) {
      FocalLossClassificationModel model = tired.fit(rows);
      assertThat(log.lines())
          .anyMatch(
              line ->
                  line.matches(
                      "The model is without summary\\(\\)\\.calibration\\(\\), calibration"
                          + " temperature, thresholdTuning f1, since the validation rows could not"
                          + " be looked at after the training: Rank 0 of 3, host .*, executor"
                          + " driver: It is tired\\."));
      assertThat(model.summary().calibration()).isNull();
      assertThat(model.summary().epochs()).hasSize(2);
      assertThat(model.temperature()).isEqualTo(1);
      assertThat(model.isDefined(model.thresholds())).isFalse();
    }
    FocalLossClassificationModel searched = tired.setLossSearch("focal", "ldam").fit(rows);
    assertThat(searched.summary().search()).hasSize(2);
  }
}
