package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkfocal.testing.TestSpark;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import scala.Tuple2;

/** Queries beside the training, on one slot that others hold too. */
@Timeout(120)
class WatchedQueryIT {

  private static Semaphore end = new Semaphore(0);
  private static Semaphore begun = new Semaphore(0);

  private final SparkSession session =
      TestSpark.with(
          Map.of(
              "spark.master",
              "local[1]",
              "spark.scheduler.mode",
              "FAIR",
              "spark.focal.slots.busy-timeout",
              "3s"));
  private final SparkContext spark = session.sparkContext();
  private final JavaSparkContext java = new JavaSparkContext(spark);
  private final JobSettings settings = JobSettings.of(spark.getConf());

  @BeforeEach
  void noJobHasBegun() {
    end = new Semaphore(0);
    begun = new Semaphore(0);
  }

  @AfterEach
  void endJobs() {
    end.release(1000);
  }

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  /** A job of one task that ends when it is told to. */
  private JavaFutureAction<Void> other() {
    return java.parallelize(List.of(1), 1)
        .foreachAsync(
            number -> {
              begun.release();
              end.acquire();
            });
  }

  private JavaFutureAction<Void> hold() throws InterruptedException {
    JavaFutureAction<Void> other = other();
    begun.acquire();
    return other;
  }

  private static <T> CompletableFuture<T> async(Supplier<T> query) {
    return CompletableFuture.supplyAsync(query);
  }

  @Test
  void aStageThatSomebodyElseNeedsTooIsNotCancelled() throws Exception {
    JavaFutureAction<Void> other = hold();
    JavaPairRDD<Integer, Iterable<Integer>> shuffled =
        java.parallelize(List.of(1, 2, 3), 1).mapToPair(i -> new Tuple2<>(i, i)).groupByKey();
    CompletableFuture<Throwable> query =
        async(() -> catchThrowable(() -> WatchedQuery.of(spark, settings, () -> shuffled.count())));
    Awaitility.await().until(() -> spark.statusTracker().getActiveJobIds().length == 2);
    JavaFutureAction<Long> sharing = shuffled.countAsync();
    assertThat(query.get(60, TimeUnit.SECONDS))
        .isInstanceOf(TrainingException.class)
        .hasMessageMatching(
            "fit needs a free task slot; the only one is busy with .* \\(waited for 3000 ms, as"
                + " spark\\.focal\\.slots\\.busy-timeout says\\)");
    end.release();
    other.get(10, TimeUnit.SECONDS);
    assertThat(sharing.get(60, TimeUnit.SECONDS)).isEqualTo(3);
  }

  /** Of two tasks, the first of which waits until it may end. */
  private long count() {
    return java.parallelize(List.of(1, 2), 2)
        .filter(
            number -> {
              if (number == 1) {
                begun.release();
                end.acquire();
              }
              return true;
            })
        .count();
  }

  @Test
  void slotsThatOthersTakeBetweenTwoTasksAreWaitedForLikeAny() throws Exception {
    CompletableFuture<Throwable> query =
        async(() -> catchThrowable(() -> WatchedQuery.of(spark, settings, this::count)));
    begun.acquire();
    // Its pool's name comes first, so it gets the slot.
    spark.setLocalProperty("spark.scheduler.pool", "a");
    JavaFutureAction<Void> other = other();
    spark.setLocalProperty("spark.scheduler.pool", null);
    Awaitility.await()
        .until(() -> spark.taskScheduler().rootPool().getSchedulableByName("a") != null);
    end.release();
    assertThat(query.get(60, TimeUnit.SECONDS))
        .isInstanceOf(TrainingException.class)
        .hasMessageMatching("fit needs a free task slot; the only one is busy with job .*");
    end.release();
    other.get(10, TimeUnit.SECONDS);
  }

  @Test
  void aQueryThatSomebodyCancelsIsNoBadRow() throws Exception {
    CompletableFuture<Throwable> query =
        async(
            () -> {
              spark.setJobGroup("mine", "mine", true);
              return catchThrowable(() -> WatchedQuery.of(spark, settings, this::count));
            });
    begun.acquire();
    spark.cancelJobGroup("mine");
    assertThat(query.get(60, TimeUnit.SECONDS))
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith("The training job was cancelled: ");
  }

  private long failing() {
    return java.parallelize(List.of(1), 1)
        .filter(
            number -> {
              throw new IllegalStateException("It broke.");
            })
        .count();
  }

  @Test
  void aQueryThatFailsBlamesTheRows() {
    assertThat(catchThrowable(() -> WatchedQuery.of(spark, settings, this::failing)))
        .isInstanceOf(TrainingException.class)
        .hasMessage(
            "A row of the input cannot be computed: java.lang.IllegalStateException: It broke.");
  }
}
