package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkfocal.job.TrainingException;
import io.sparkfocal.testing.LogLines;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.TrainingAttempts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fit whose slots are busy, or not there yet, says what it waits for. */
@Timeout(180)
class WaitingIT {

  private static final String JOB = "job \\d+ \\(foreachAsync at WaitingIT.java:\\d+\\)";

  private static Semaphore end = new Semaphore(0);
  private static Semaphore begun = new Semaphore(0);

  private final LogLines log = new LogLines("io.sparkfocal.job");

  @AfterEach
  void endJobs() {
    end.release(1000);
    log.close();
  }

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setMaxIter(1).setHiddenLayers(8);
  }

  /** Holds that many slots of this JVM. */
  private static JavaFutureAction<Void> hold(SparkSession spark, int slots) throws Exception {
    end = new Semaphore(0);
    begun = new Semaphore(0);
    List<Integer> numbers = IntStream.range(0, slots).boxed().toList();
    JavaFutureAction<Void> job =
        new JavaSparkContext(spark.sparkContext())
            .parallelize(numbers, slots)
            .foreachAsync(
                number -> {
                  begun.release();
                  end.acquire();
                });
    begun.acquire(slots);
    return job;
  }

  private void awaitLine(String regex) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(log.lines()).anyMatch(line -> line.matches(regex)));
  }

  private static int numWorkers(FocalLossClassificationModel model) {
    return model.summary().numWorkers();
  }

  @Test
  void aBusySlotIsWaitedForAndItsJobIsNamed() throws Exception {
    SparkSession spark = TestSpark.local();
    Dataset<Row> rows = Samples.rows(spark, 100);
    JavaFutureAction<Void> other = hold(spark, 1);
    CompletableFuture<FocalLossClassificationModel> fit =
        CompletableFuture.supplyAsync(() -> quick().fit(rows));
    awaitLine(
        "fit needs 3 free task slots at once; 1 of 3 is busy with "
            + JOB
            + ": setNumWorkers\\(2\\), or wait\\.");
    assertThat(fit).isNotDone();
    end.release();
    other.get(10, TimeUnit.SECONDS);
    // Busy slots count: how many ranks train does not depend on what else runs.
    assertThat(numWorkers(fit.get(60, TimeUnit.SECONDS))).isEqualTo(3);
  }

  @Test
  void aFitThatCannotEvenCountLabelsSaysSoToo() throws Exception {
    SparkSession spark = TestSpark.local();
    Dataset<Row> rows = Samples.rows(spark, 100);
    JavaFutureAction<Void> other = hold(spark, 3);
    CompletableFuture<FocalLossClassificationModel> fit =
        CompletableFuture.supplyAsync(() -> quick().fit(rows));
    awaitLine("fit needs a free task slot; all 3 are busy with " + JOB + ": wait, or end them\\.");
    end.release(3);
    other.get(10, TimeUnit.SECONDS);
    assertThat(numWorkers(fit.get(60, TimeUnit.SECONDS))).isEqualTo(3);
  }

  @Test
  void busyTimeoutEndsTheWaitAndTheJob() throws Exception {
    SparkSession spark =
        TestSpark.with(Map.of("spark.master", "local[3]", "spark.focal.slots.busy-timeout", "3s"));
    Dataset<Row> rows = Samples.rows(spark, 100);
    for (int slots : new int[] {1, 3}) {
      JavaFutureAction<Void> other = hold(spark, slots);
      try (TrainingAttempts attempts = new TrainingAttempts(spark)) {
        Throwable thrown = catchThrowable(() -> quick().fit(rows));
        assertThat(thrown).isInstanceOf(TrainingException.class);
        assertThat(thrown.getMessage())
            .matches(
                "fit needs .*; (1 of 3 is|all 3 are) busy with "
                    + JOB
                    + ": .* \\(waited for 3000 ms, as spark\\.focal\\.slots\\.busy-timeout says\\)");
        assertThat(attempts.count()).isEqualTo(slots == 1 ? 1 : 0);
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () ->
                  assertThat(spark.sparkContext().statusTracker().getActiveJobIds())
                      .containsExactly(other.jobIds().get(0)));
      end.release(slots);
      other.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void fitsOfACrossValidationTakeTurns() {
    SparkSession spark = TestSpark.with(Map.of("spark.master", "local[2]"));
    FocalLossClassifier classifier = quick().setMaxIter(2);
    ParamMap[] grid =
        new ParamGridBuilder()
            .addGrid(classifier.learningRate(), new double[] {0.01, 0.001})
            .build();
    CrossValidatorModel model =
        new CrossValidator()
            .setEstimator(classifier)
            .setEvaluator(new MulticlassClassificationEvaluator())
            .setEstimatorParamMaps(grid)
            .setNumFolds(3)
            .setParallelism(2)
            .fit(Samples.rows(spark, 300));
    assertThat(model.avgMetrics()).hasSize(2);
    assertThat(numWorkers((FocalLossClassificationModel) model.bestModel())).isEqualTo(2);
  }

  private static SparkSession executors(int expected, String timeout) {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put("spark.master", "local-cluster[2,2,1024]");
    settings.put("spark.executor.instances", Integer.toString(expected));
    settings.put("spark.focal.slots.timeout", timeout);
    return TestSpark.with(settings);
  }

  @Test
  void allSlotsAreThoseOfAllExecutors() {
    SparkSession spark = executors(2, "60s");
    assertThat(numWorkers(quick().fit(Samples.rows(spark, 100)))).isEqualTo(4);
    assertThat(log.lines()).noneMatch(line -> line.contains("registered within"));
  }

  @Test
  void executorsThatDoNotComeAreWaitedForOnce() {
    SparkSession spark = executors(3, "20s");
    Dataset<Row> rows = Samples.rows(spark, 100);
    assertThat(numWorkers(quick().fit(rows))).isEqualTo(4);
    assertThat(log.lines())
        .contains(
            "spark.executor.instances is 3, but 2 executors registered within 20 s; training uses their 4 task slots.")
        .anyMatch(
            line ->
                line.matches(
                    "fit waits up to 20 s for 3 executors \\(spark.executor.instances\\); [012] have registered\\."));
    int lines = log.lines().size();
    assertThat(numWorkers(quick().fit(rows))).isEqualTo(4);
    assertThat(log.lines()).hasSize(lines + 1);
    assertThat(log.lines().get(lines)).contains("but 2 executors registered");
  }
}
