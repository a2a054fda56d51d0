package io.sparkfocal.examples.tables;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.ml.FocalLossClassificationModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class ExplainedTest {

  @Test
  void aModelIsExplainedAndTrainedOn(@TempDir Path folder) throws IOException {
    try (SparkSession spark =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      String table = folder.resolve("table").toString();
      spark
          .range(2000)
          .selectExpr(
              "id % 17 useful", "id % 13 useless", "if(id % 17 > 11, 'late', 'on time') delay")
          .write()
          .parquet(table);
      try (StratifiedSplit split =
          StratifiedSplit.of(LabelledTable.read(spark, table, "delay"), 1)) {
        FocalLossClassificationModel model =
            Explained.explained(
                Explained.classifier(split.training()).setMaxIter(10), split, folder);
        String chart = Files.readString(folder.resolve("importances.svg"));
        assertThat(chart.indexOf("useful")).isBetween(1, chart.indexOf("useless"));
        double before = model.summary().objectiveHistory()[0];
        double after = Explained.warmStarted(model, split).summary().objectiveHistory()[0];
        assertThat(after).isLessThan(before / 2);
      }
    }
  }
}
