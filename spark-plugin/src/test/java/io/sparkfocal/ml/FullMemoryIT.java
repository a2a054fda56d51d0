package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An executor of 1 GB whose memory is full of a table of the user's, and rows of 700 MB. */
class FullMemoryIT {

  private static final int FEATURES = 32;
  private static final int ROWS = 5_300_000;
  private static final long TABLE_ROWS = 9_000_000;

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void rowsThatDoNotFitTrainBesideATableAndQueriesOfTheUsers() throws Exception {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put("spark.master", "local-cluster[1,2,1024]");
    settings.put("spark.executor.instances", "1");
    settings.put("spark.executor.memory", "1g");
    SparkSession spark = TestSpark.with(settings);
    Dataset<Row> table =
        spark.range(0, TABLE_ROWS, 1, 16).selectExpr(columns("double(xxhash64(id, %d))", 8));
    table.persist(StorageLevel.MEMORY_AND_DISK());
    assertThat(table.count()).isEqualTo(TABLE_ROWS);
    Dataset<Row> rows =
        spark
            .range(0, ROWS, 1, 8)
            .selectExpr("id", "int(id % 10 = 0) label")
            .selectExpr(columns("float(xxhash64(id, %d) / 1e19 + label)", FEATURES, "label"));

    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      CompletableFuture<FocalLossClassificationModel> training =
          CompletableFuture.supplyAsync(() -> classifier().fit(rows), pool);
      int queries = 0;
      while (!training.isDone()) {
        // A sort takes memory of tasks, too.
        Dataset<Row> sorted =
            spark.range(0, 2_000_000, 1, 4).selectExpr("xxhash64(id) h").sort("h");
        assertThat(sorted.toJavaRDD().count()).isEqualTo(2_000_000);
        queries++;
      }
      TrainingSummary summary = training.join().summary();
      assertThat(summary.numWorkers()).isEqualTo(1);
      assertThat(summary.restarts()).isZero();
      assertThat(summary.epochs().get(1).trainingLoss())
          .isLessThan(summary.epochs().get(0).trainingLoss());
      assertThat(queries).isGreaterThan(1);
      // The heap, PyTorch's libraries and its memory, class metadata and compiled code: 1,376 MiB
      // were measured.
      assertThat(residentAtMost(spark)).isLessThan(1024 + 600);
      assertThat(table.count()).isEqualTo(TABLE_ROWS);
    } finally {
      pool.shutdownNow();
      TestSpark.stop();
    }
  }

  private static FocalLossClassifier classifier() {
    return new FocalLossClassifier()
        .setFeaturesCols(IntStream.range(0, FEATURES).mapToObj(i -> "c" + i).toArray(String[]::new))
        .setNumWorkers(1)
        .setHiddenLayers(16)
        .setBatchSize(4096)
        .setMaxIter(2);
  }

  private static String[] columns(String expression, int count, String... others) {
    String[] columns = new String[count + others.length];
    for (int i = 0; i < count; i++) {
      columns[i] = expression.formatted(i) + " c" + i;
    }
    System.arraycopy(others, 0, columns, count, others.length);
    return columns;
  }

  /** Of the executor, since it began. */
  private static long residentAtMost(SparkSession spark) {
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(List.of(0), 1)
        .map(ignored -> peakMebibytes())
        .first();
  }

  private static long peakMebibytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
