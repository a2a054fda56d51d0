package io.sparkfocal.blocks;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whether Spark repeated a stage is known when the job has ended. */
@Timeout(180)
class StageRepeatsIT {

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** Ends its executor once, behind a shuffle. */
  private static UDF1<Long, Long> deadly(String once) {
    return id -> {
      if (id == 7 && TaskContext.get() != null && isFirst(once)) {
        Runtime.getRuntime().halt(9);
      }
      return id + SparkEnv.get().executorId().length();
    };
  }

  private static boolean isFirst(String once) {
    try {
      Files.createFile(Path.of(once));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void theEndOfAnExecutorBehindAShuffleIsNoticedAndOnlyThen(@TempDir Path folder) throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows =
        spark
            .range(0, 2000, 1, 4)
            .repartition(6)
            .select(
                udf(deadly(folder.resolve("once").toString()), DataTypes.LongType)
                    .asNondeterministic()
                    .apply(col("id")));
    try (StageRepeats repeats = new StageRepeats(spark.sparkContext())) {
      assertThat(rows.queryExecution().toRdd().toJavaRDD().count()).isEqualTo(2000);
      assertThat(repeats.any()).isTrue();
    }
    try (StageRepeats repeats = new StageRepeats(spark.sparkContext())) {
      assertThat(rows.queryExecution().toRdd().toJavaRDD().count()).isEqualTo(2000);
      assertThat(repeats.any()).isFalse();
    }
  }
}
