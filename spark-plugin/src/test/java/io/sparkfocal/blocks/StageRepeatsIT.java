package io.sparkfocal.blocks;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether Spark repeated a stage is known when the job has ended. */
@Timeout(180)
class StageRepeatsIT {

  private static final int ROWS = 20_000;

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

  /** Ends its executor once, in a task that writes the exchange. */
  private static UDF1<Long, Double> deadlyBeforeTheExchange(String once) {
    return id -> {
      TaskContext task = TaskContext.get();
      if (task != null && task.partitionId() == 4 && isFirst(once)) {
        Runtime.getRuntime().halt(9);
      }
      return (double) id;
    };
  }

  private static UDF1<Long, Integer> otherwiseEachTime() {
    return id -> new Random().nextInt(1000);
  }

  /** Without a second reading from the beginning, some rows are missing and others there twice. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void eachRowIsReadOnceThoughAnExecutorEndsAndRowsCutOtherwise(
      boolean adaptive, @TempDir Path folder) {
    SparkSession spark = TestSpark.twoExecutors().newSession();
    spark.conf().set("spark.sql.adaptive.enabled", adaptive);
    Dataset<Row> rows =
        spark
            .range(0, ROWS, 1, 4)
            .withColumn(
                "k",
                udf(otherwiseEachTime(), DataTypes.IntegerType)
                    .asNondeterministic()
                    .apply(col("id")))
            .repartition(6, col("k"))
            .select(
                udf(
                        deadlyBeforeTheExchange(folder.resolve("once").toString()),
                        DataTypes.DoubleType)
                    .asNondeterministic()
                    .apply(col("id"))
                    .as("f"),
                expr("int(id % 2)").as("label"));
    TrainingColumns columns =
        TrainingColumns.of(rows.schema(), "", List.of("f"), "label", null, null);
    try (InputBlocks blocks = InputBlocks.read(spark.sparkContext(), columns, rows, 2)) {
      assertThat(folder.resolve("once")).exists();
      assertThat(blocks.counts().classRows()).containsExactly(ROWS / 2, ROWS / 2);
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
