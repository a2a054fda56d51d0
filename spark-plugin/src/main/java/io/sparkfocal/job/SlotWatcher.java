package io.sparkfocal.job;

import org.apache.spark.SparkContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches, beside a thread that waits for Spark, whether the stages of its jobs wait for a free
 * slot; where they have waited long enough, cancels those jobs.
 */
final class SlotWatcher implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(SlotWatcher.class);
  private static final long MILLIS_BETWEEN_LOOKS = 1000;

  private final SparkContext spark;
  private final RankTasks tasks;
  private final SlotWait wait;
  private boolean failed;
  private final Thread thread;
  private volatile @Nullable TrainingException enough;

  /** Begins to watch the stages that {@code tasks} hears of, each of which needs one slot. */
  SlotWatcher(SparkContext spark, JobSettings settings, RankTasks tasks) {
    this.spark = spark;
    this.tasks = tasks;
    TrainingSlots slots = new TrainingSlots(spark, settings.slotsTimeout(), () -> 0);
    this.wait = new SlotWait(spark, settings, slots, tasks, 1);
    this.thread = new Thread(this::watch, "focal-slots");
    thread.setDaemon(true);
    thread.start();
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(MILLIS_BETWEEN_LOOKS);
        TrainingException why = enough == null ? look() : enough;
        enough = why;
        if (why != null && !spark.isStopped()) {
          // Not the stage, which a job of somebody else's may need too; and again and again, since
          // a query may be between two jobs.
          tasks.jobs().forEach(job -> spark.cancelJob(job, String.valueOf(why.getMessage())));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A look that fails, as it does once the application stops, is no reason to end the query. */
  private @Nullable TrainingException look() {
    try {
      if (!tasks.taskSets().isEmpty()) {
        return wait.look();
      }
      // It plans, for which it needs no slot.
      wait.restart();
      return null;
    } catch (RuntimeException e) {
      if (!failed && !spark.isStopped()) {
        LOG.warn("fit cannot see now what it waits for: {}", e.toString());
        failed = true;
      }
      return null;
    }
  }

  /** Why the jobs were cancelled, if that is how they failed; null otherwise. */
  @Nullable TrainingException reasonOf(Throwable failure) {
    return StageFailure.cancelled(failure) == null ? null : enough;
  }

  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
