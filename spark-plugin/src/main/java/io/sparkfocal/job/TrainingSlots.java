package io.sparkfocal.job;

import java.time.Duration;
import java.util.function.IntSupplier;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tasks that can run at the same time, waited for, since executors register late. */
final class TrainingSlots {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingSlots.class);
  private static final String EXECUTORS = "spark.executor.instances";
  private static final long POLL_MILLIS = 100;
  private static final Duration SETTLING = Duration.ofSeconds(3);

  private final SparkContext spark;
  private final Duration timeout;
  private final IntSupplier taken;

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
   * How many slots there are, once all executors have come, or the time is over: as many as {@code
   * spark.executor.instances}; where that is not set, until none has come for some seconds in an
   * application that is young.
   *
   * @throws IllegalArgumentException if there is none when the time is over
   */
  int awaitAll() {
    int executors = spark.getConf().getInt(EXECUTORS, 0);
    int slots = slotsWhenThere(Math.max(1, executors));
    if (executors == 0 && !spark.isLocal()) {
      slots = slotsWhenSettled(slots);
    }
    return slots > 0 ? slots : await(1);
  }

  private int slotsWhenSettled(int first) {
    int slots = first;
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
    return slots;
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
    int slots = slotsWhenThere(wanted);
    if (slots < wanted) {
      throw new IllegalArgumentException(
          "numWorkers is %d, but the cluster has %d task slots%s; lower numWorkers, add executors or cores, or raise spark.focal.slots.timeout."
              .formatted(
                  wanted,
                  slots,
                  spark.isLocal() ? "" : " after " + timeout.toSeconds() + " s of waiting"));
    }
    return wanted;
  }

  /** How many there are once there are {@code wanted}, or the time is over. */
  int upTo(int wanted) {
    return slotsWhenThere(wanted);
  }

  private int slotsWhenThere(int wanted) {
    long deadline = System.nanoTime() + timeout.toNanos();
    int slots = count();
    if (slots < wanted) {
      LOG.info("Waiting up to {} for {} slots; there are {}", timeout, wanted, slots);
    }
    while (slots < wanted && mayGrow() && System.nanoTime() < deadline) {
      pause();
      slots = count();
    }
    return slots;
  }

  /** In one JVM no executor comes, but tasks may still end. */
  private boolean mayGrow() {
    return !spark.isLocal() || taken.getAsInt() > 0;
  }

  /** How many there are now. */
  int count() {
    return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile())
        - taken.getAsInt();
  }
}
