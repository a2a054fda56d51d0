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
  static <T> T of(SparkContext spark, JobSettings settings, Supplier<T> query) {
    RankTasks tasks = new RankTasks("query-" + UUID.randomUUID(), 0);
    String before = spark.getLocalProperty(RankTasks.ATTEMPT);
    spark.addSparkListener(tasks);
    spark.setLocalProperty(RankTasks.ATTEMPT, tasks.attempt());
    try (SlotWatcher watcher = new SlotWatcher(spark, settings, tasks)) {
      return explained(query, watcher, spark, tasks);
    } finally {
      spark.setLocalProperty(RankTasks.ATTEMPT, before);
      spark.removeSparkListener(tasks);
    }
  }

  private static <T> T explained(
      Supplier<T> query, SlotWatcher watcher, SparkContext spark, RankTasks tasks) {
    try {
      return query.get();
    } catch (Exception e) {
      // SparkException is checked, and Scala does not declare it.
      if (TrainingStage.isInterrupt(e)) {
        tasks.jobs().forEach(job -> spark.cancelJob(job, "fit() was interrupted."));
        throw TrainingStage.interrupted(e);
      }
      RuntimeException known = watcher.reasonOf(e);
      if (known == null) {
        known = StageFailure.permanent(e);
      }
      if (known != null) {
        throw known;
      }
      throw e;
    }
  }
}
