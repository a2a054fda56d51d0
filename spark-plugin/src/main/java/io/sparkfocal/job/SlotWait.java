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
  private final Duration slotsTimeout;
  private final @Nullable Duration busyTimeout;
  private final TrainingSlots slots;
  private final RankTasks tasks;
  private final int needed;
  private final WaitLog log = new WaitLog(LOG::warn);
  private long lastExisting;
  private long lastFree;
  private boolean wasMissing;
  private long lastEvents;

  /** Of the stages that {@code tasks} hears of, for that many slots at once. */
  SlotWait(
      SparkContext spark, JobSettings settings, TrainingSlots slots, RankTasks tasks, int needed) {
    this.spark = spark;
    this.slotsTimeout = settings.slotsTimeout();
    this.busyTimeout = settings.busyTimeout();
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
    if (isRunning()) {
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

  /** A stage whose tasks have stopped to run, but not ended, waits like one that has not begun. */
  private boolean isRunning() {
    long events = tasks.events();
    boolean moved = events != lastEvents;
    lastEvents = events;
    return moved || tasks.ranksRun() || SlotReport.isRunning(spark, tasks.taskSets());
  }

  private @Nullable TrainingException missing(int there) {
    if (System.nanoTime() - lastExisting > slotsTimeout.toNanos()) {
      return new TrainingException(
          "Training needs %s, but for %s s there %s; see why executors go, or raise spark.focal.slots.timeout."
              .formatted(slots(), slotsTimeout.toSeconds(), count(there, "was", "were")),
          null);
    }
    log.say(
        () ->
            "fit needs %s, but there %s; it waits up to %s s for executors."
                .formatted(slots(), count(there, "is", "are"), slotsTimeout.toSeconds()));
    return null;
  }

  private String slots() {
    return needed == 1 ? "a task slot" : needed + " task slots at once";
  }

  private static String count(int there, String one, String many) {
    return (there == 1 ? one : many) + " " + (there <= 0 ? "none" : there);
  }

  private @Nullable TrainingException busy(int there) {
    if (tasks.taskSets().isEmpty()) {
      lastFree = System.nanoTime();
      log.restart();
      return null;
    }
    if (busyTimeout != null && System.nanoTime() - lastFree > busyTimeout.toNanos()) {
      return new TrainingException(
          "%s (waited for %s ms, as spark.focal.slots.busy-timeout says)"
              .formatted(SlotReport.of(spark, needed, there).describe(), busyTimeout.toMillis()),
          null,
          true);
    }
    log.say(() -> SlotReport.of(spark, needed, there).describe());
    return null;
  }
}
