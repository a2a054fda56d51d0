package io.sparkfocal.examples.pipelines;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class TunedPipelineTest {

  @Test
  void theReadmesPipelineIsTunedSavedAndScores(@TempDir Path folder) throws IOException {
    try (SparkSession spark =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      Dataset<Row> rows =
          spark
              .range(0, 3000, 1, 2)
              .selectExpr(
                  "concat('c', id % 5) carrier",
                  "if(id % 11 = 0, null, id % 17) distance",
                  "if(id % 5 = 3 or id % 17 = 16, 'late', 'on time') status");
      Dataset<Row> scored = TunedPipeline.scored(rows, rows, folder.resolve("model").toString());
      assertThat(scored.columns()).contains("probability", "prediction", "label");
      assertThat(new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(scored))
          .isGreaterThan(0.95);
    }
  }

  @Test
  void theReadmeShowsThisCode() throws IOException {
    String source =
        Files.readString(
            Path.of("src/main/java/io/sparkfocal/examples/pipelines/TunedPipeline.java"));
    String readme = Files.readString(Path.of("../README.md"));
    int section = readme.indexOf("## In a pipeline");
    int begin = readme.indexOf("```java\n", section) + "```java\n".length();
    String snippet = readme.substring(begin, readme.indexOf("```", begin));
    assertThat(section).isPositive();
    assertThat(withoutIndents(source)).contains(withoutIndents(snippet));
  }

  private static String withoutIndents(String code) {
    return code.replaceAll("\\s+", " ");
  }
}
