package io.sparkfocal.job;

import java.time.Duration;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tasks that can run at the same time, waited for, since executors register late. */
final class TrainingSlots {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingSlots.class);
  private static final long POLL_MILLIS = 100;

  private final SparkContext spark;
  private final Duration timeout;

  TrainingSlots(SparkContext spark, Duration timeout) {
    this.spark = spark;
    this.timeout = timeout;
  }

  /**
   * How many slots there are, once there are {@code wanted}.
   *
   * @throws IllegalArgumentException if there are fewer when the time is over
   */
  int await(int wanted) {
    long deadline = System.nanoTime() + timeout.toNanos();
    int slots = count();
    if (slots < wanted) {
      LOG.info("Waiting up to {} for {} slots; there are {}", timeout, wanted, slots);
    }
    while (slots < wanted && !spark.isLocal() && System.nanoTime() < deadline) {
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while waiting for training slots.", e);
      }
      slots = count();
    }
    if (slots < wanted) {
      throw new IllegalArgumentException(
          "numWorkers is %d, but the cluster has %d task slots%s; lower numWorkers, add executors or cores, or raise spark.focal.slots.timeout."
              .formatted(
                  wanted,
                  slots,
                  spark.isLocal() ? "" : " after " + timeout.toSeconds() + " s of waiting"));
    }
    return slots;
  }

  private int count() {
    return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
  }
}
