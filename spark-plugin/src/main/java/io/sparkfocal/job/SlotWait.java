package io.sparkfocal.job;

import java.time.Duration;
import org.apache.spark.SparkContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One wait for the task slots of a stage: what is said meanwhile, and when it is enough. Slots that
 * do not exist are waited for as long as {@code spark.focal.slots.timeout} says, busy ones for ever
 * or as long as {@code spark.focal.slots.busy-timeout} says.
 */
final class SlotWait {

  private static final Logger LOG = LoggerFactory.getLogger(SlotWait.class);

  private final SparkContext spark;
  private final JobSettings settings;
  private final TrainingSlots slots;
  private final RankTasks tasks;
  private final int needed;
  private final WaitLog log = new WaitLog(LOG::warn);
  private long lastExisting;
  private long lastFree;
  private boolean wasMissing;

  /** Of the stages that {@code tasks} hears of, for that many slots at once. */
  SlotWait(
      SparkContext spark, JobSettings settings, TrainingSlots slots, RankTasks tasks, int needed) {
    this.spark = spark;
    this.settings = settings;
    this.slots = slots;
    this.tasks = tasks;
    this.needed = needed;
    restart();
  }

  /** Nothing is waited for now. */
  void restart() {
    lastExisting = System.nanoTime();
    lastFree = System.nanoTime();
    log.restart();
  }

  /** Looks at the slots, about once a second; returns why to wait no longer, null to go on. */
  @Nullable TrainingException look() {
    if (tasks.isRunning()) {
      restart();
      return null;
    }
    int there = slots.count();
    boolean missing = there < needed;
    if (missing != wasMissing) {
      wasMissing = missing;
      restart();
    }
    return missing ? missing(there) : busy(there);
  }

  private @Nullable TrainingException missing(int there) {
    Duration timeout = settings.slotsTimeout();
    if (System.nanoTime() - lastExisting > timeout.toNanos()) {
      return new TrainingException(
          "Training needs %s task slots at once, but only %s were left for %s s; see why executors go, or raise spark.focal.slots.timeout."
              .formatted(needed, there, timeout.toSeconds()),
          null);
    }
    log.say(
        () ->
            "fit needs %s task slots at once, but there are %s; it waits up to %s s for executors."
                .formatted(needed, there, timeout.toSeconds()));
    return null;
  }

  private @Nullable TrainingException busy(int there) {
    if (!tasks.isWaiting()) {
      lastFree = System.nanoTime();
      log.restart();
      return null;
    }
    Duration timeout = settings.busyTimeout();
    if (timeout != null && System.nanoTime() - lastFree > timeout.toNanos()) {
      return new TrainingException(
          "%s (waited for %s ms, as spark.focal.slots.busy-timeout says)"
              .formatted(SlotReport.of(spark, needed, there).describe(), timeout.toMillis()),
          null,
          true);
    }
    log.say(() -> SlotReport.of(spark, needed, there).describe());
    return null;
  }
}
