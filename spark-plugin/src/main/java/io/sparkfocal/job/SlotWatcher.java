package io.sparkfocal.job;

import org.apache.spark.SparkContext;
import org.jspecify.annotations.Nullable;

/**
 * Watches, beside a thread that waits for Spark, whether the stages of its jobs wait for a free
 * slot; where they have waited long enough, cancels them.
 */
final class SlotWatcher implements AutoCloseable {

  private static final long MILLIS_BETWEEN_LOOKS = 1000;

  private final SparkContext spark;
  private final RankTasks tasks;
  private final SlotWait wait;
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
      while (enough == null) {
        Thread.sleep(MILLIS_BETWEEN_LOOKS);
        if (tasks.isWaiting()) {
          enough = wait.look();
        } else {
          // It plans, for which it needs no slot, or its tasks run.
          wait.restart();
        }
      }
      spark.cancelStage(tasks.stage(), String.valueOf(enough.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Why the stage was cancelled; null if it was not. */
  @Nullable TrainingException enough() {
    return enough;
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
