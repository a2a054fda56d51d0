package io.sparkfocal.blocks;

import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;

/**
 * Whether Spark repeated a stage of the jobs that a thread runs meanwhile, as after the end of an
 * executor: then rows that are not deterministic may have come otherwise for tasks that ended
 * later.
 */
final class StageRepeats extends SparkListener implements AutoCloseable {

  private static final String READING = "sparkfocal.reading";
  private static final long PATIENCE_MILLIS = 10_000;

  private final SparkContext spark;
  private final String key = UUID.randomUUID().toString();
  private final Set<Integer> jobs = new HashSet<>();
  private boolean started;
  private boolean repeated;

  /** Begins to listen. */
  StageRepeats(SparkContext spark) {
    this.spark = spark;
    spark.setLocalProperty(READING, key);
    spark.addSparkListener(this);
  }

  private boolean isOurs(Properties properties) {
    return properties != null && key.equals(properties.getProperty(READING));
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart event) {
    if (isOurs(event.properties())) {
      jobs.add(event.jobId());
      started = true;
    }
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted event) {
    repeated |= isOurs(event.properties()) && event.stageInfo().attemptNumber() > 0;
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd event) {
    jobs.remove(event.jobId());
    notifyAll();
  }

  /**
   * Whether there was one in jobs that have ended; waits for Spark to tell. Where it does not, as
   * when it drops events, there may have been one.
   */
  synchronized boolean any() throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
    while (!started || !jobs.isEmpty()) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return true;
      }
      wait(left);
    }
    return repeated;
  }

  @Override
  public void close() {
    spark.setLocalProperty(READING, null);
    spark.removeSparkListener(this);
  }
}
