package io.sparkfocal.job;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks that can run at the same time, waited for, since executors register late. Slots count
 * whether they are busy or not: how many ranks train must not depend on what else runs.
 */
final class TrainingSlots {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingSlots.class);
  private static final String EXECUTORS = "spark.executor.instances";
  private static final long POLL_MILLIS = 100;
  private static final Duration SETTLING = Duration.ofSeconds(3);

  /** With which executors which application was waited for in vain: once is enough. */
  private static final AtomicReference<String> IN_VAIN = new AtomicReference<>("");

  private final SparkContext spark;
  private final Duration timeout;
  private final IntSupplier taken;

  /** With how many slots which application was waited for until no more came: once is enough. */
  private static final AtomicReference<String> SETTLED = new AtomicReference<>("");

  /**
   * Of an application.
   *
   * @param taken how many are held by tasks that do not end
   */
  TrainingSlots(SparkContext spark, Duration timeout, IntSupplier taken) {
    this.spark = spark;
    this.timeout = timeout;
    this.taken = taken;
  }

  /**
   * How many slots there are, once all executors have come, or the time is over: as many executors
   * as {@code spark.executor.instances}; where that is not set, until none has come for some
   * seconds in an application that is young and has other slots than at the last fit.
   *
   * @throws IllegalArgumentException if there is none when the time is over
   */
  int awaitAll() {
    long deadline = deadline();
    int executors = spark.isLocal() ? 0 : spark.getConf().getInt(EXECUTORS, 0);
    if (executors > 0) {
      awaitExecutors(executors, deadline);
    }
    int slots = slotsWhenThere(1, deadline);
    if (slots > 0 && executors == 0 && !spark.isLocal()) {
      slots = slotsWhenSettled(slots);
    }
    if (slots == 0) {
      throw new IllegalArgumentException(
          "The cluster has no task slot after %s s of waiting; add executors or cores, or raise spark.focal.slots.timeout."
              .formatted(timeout.toSeconds()));
    }
    return slots;
  }

  /** Until as many have registered, or the time is over; in the latter case says so. */
  private void awaitExecutors(int wanted, long deadline) {
    WaitLog log = new WaitLog(LOG::warn);
    int there = executors();
    while (there < wanted
        && System.nanoTime() < deadline
        && !inVain(wanted, there).equals(IN_VAIN.get())) {
      int now = there;
      log.say(
          () ->
              "fit waits up to %s s for %s executors (%s); %s have registered."
                  .formatted(timeout.toSeconds(), wanted, EXECUTORS, now));
      pause();
      there = executors();
    }
    if (there > 0 && there < wanted) {
      IN_VAIN.set(inVain(wanted, there));
      LOG.warn(
          "{} is {}, but {} executors registered within {} s; training uses their {} task slots.",
          EXECUTORS,
          wanted,
          there,
          timeout.toSeconds(),
          count());
    }
  }

  private String inVain(int wanted, int there) {
    return spark.applicationId() + " " + there + " of " + wanted;
  }

  /** How many have registered; Spark's list has the driver in it. */
  private int executors() {
    return Math.max(0, spark.statusTracker().getExecutorInfos().length - 1);
  }

  private int slotsWhenSettled(int first) {
    int slots = first;
    if (settled(slots).equals(SETTLED.get())) {
      return slots;
    }
    long settled = System.nanoTime() + SETTLING.toNanos();
    while (System.currentTimeMillis() - spark.startTime() < timeout.toMillis()
        && System.nanoTime() < settled) {
      pause();
      int now = count();
      if (now != slots) {
        slots = now;
        settled = System.nanoTime() + SETTLING.toNanos();
      }
    }
    SETTLED.set(settled(slots));
    return slots;
  }

  private String settled(int slots) {
    return spark.applicationId() + " " + slots;
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for training slots.", e);
    }
  }

  /**
   * {@code wanted}, once there are as many slots.
   *
   * @throws IllegalArgumentException if there are fewer when the time is over
   */
  int await(int wanted) {
    int slots = upTo(wanted);
    if (slots < wanted) {
      throw new IllegalArgumentException(
          "numWorkers is %s, but the cluster has %s task slots%s; lower numWorkers, add executors or cores, or raise spark.focal.slots.timeout."
              .formatted(
                  wanted,
                  slots,
                  spark.isLocal() ? "" : " after " + timeout.toSeconds() + " s of waiting"));
    }
    return wanted;
  }

  /** How many there are once there are {@code wanted}, or the time is over. */
  int upTo(int wanted) {
    return slotsWhenThere(wanted, deadline());
  }

  private long deadline() {
    return System.nanoTime() + timeout.toNanos();
  }

  private int slotsWhenThere(int wanted, long deadline) {
    WaitLog log = new WaitLog(LOG::warn);
    int slots = count();
    while (slots < wanted && mayGrow() && System.nanoTime() < deadline) {
      int now = slots;
      log.say(
          () ->
              "fit waits up to %s s for %s task slots; there are %s."
                  .formatted(timeout.toSeconds(), wanted, now));
      pause();
      slots = count();
    }
    return slots;
  }

  /** In one JVM no executor comes, but tasks may still end. */
  private boolean mayGrow() {
    return !spark.isLocal() || taken() > 0;
  }

  /** How many there are now. */
  int count() {
    return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile())
        - taken();
  }

  /**
   * At most as many as tasks run at all: Spark drops events when a listener is too slow, and a task
   * whose end was not heard would hold its slot for ever.
   */
  private int taken() {
    int heard = taken.getAsInt();
    return heard == 0 ? 0 : Math.min(heard, SlotReport.running(spark));
  }
}
