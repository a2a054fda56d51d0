package io.sparkfocal.job;

import java.util.UUID;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;

/** A query that {@code fit} makes beside the training: it does not wait in silence either. */
final class WatchedQuery {

  private WatchedQuery() {}

  /**
   * The query's own result, which reads and computes the user's rows.
   *
   * @throws IllegalArgumentException if a value of the input cannot be used
   * @throws TrainingException if it fails in a way that is known, or waited for slots long enough
   */
  static <T> T overRows(SparkContext spark, JobSettings settings, Supplier<T> query) {
    return watched(spark, settings, query, true);
  }

  /**
   * The same of a query after the training, whose result is worth any wait: it says what it waits
   * for, but ends no wait, and what it throws is not put down to the user's rows.
   *
   * @throws TrainingException if somebody cancels it
   */
  static <T> T afterTraining(SparkContext spark, JobSettings settings, Supplier<T> query) {
    return watched(spark, settings, query, false);
  }

  private static <T> T watched(
      SparkContext spark, JobSettings settings, Supplier<T> query, boolean overRows) {
    RankTasks tasks = new RankTasks("query-" + UUID.randomUUID(), 0);
    String before = spark.getLocalProperty(RankTasks.ATTEMPT);
    spark.addSparkListener(tasks);
    spark.setLocalProperty(RankTasks.ATTEMPT, tasks.attempt());
    try (SlotWatcher watcher = new SlotWatcher(spark, settings, tasks, overRows)) {
      return explained(query, watcher, overRows);
    } finally {
      spark.setLocalProperty(RankTasks.ATTEMPT, before);
      spark.removeSparkListener(tasks);
    }
  }

  private static <T> T explained(Supplier<T> query, SlotWatcher watcher, boolean overRows) {
    try {
      return query.get();
    } catch (Exception e) {
      // SparkException is checked, and Scala does not declare it.
      RuntimeException known = watcher.reasonOf(e);
      if (known == null) {
        known = overRows ? StageFailure.permanent(e) : StageFailure.cancelled(e);
      }
      if (known != null) {
        throw known;
      }
      throw e;
    }
  }
}
