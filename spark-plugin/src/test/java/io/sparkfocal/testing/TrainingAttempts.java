package io.sparkfocal.testing;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.SparkSession;

/** Counts attempts at training, of which each has jobs of its own; until it is closed. */
public final class TrainingAttempts implements AutoCloseable {

  private final Set<String> attempts = ConcurrentHashMap.newKeySet();
  private final SparkContext spark;
  private final SparkListener listener =
      new SparkListener() {
        @Override
        public void onJobStart(SparkListenerJobStart start) {
          String attempt = start.properties().getProperty("spark.focal.attempt");
          if (attempt != null && !attempt.startsWith("query-")) {
            attempts.add(attempt);
          }
        }
      };

  /** Begins to count. */
  public TrainingAttempts(SparkSession session) {
    this.spark = session.sparkContext();
    spark.addSparkListener(listener);
  }

  /** How many there were. */
  public int count() throws Exception {
    spark.listenerBus().waitUntilEmpty();
    return attempts.size();
  }

  @Override
  public void close() {
    spark.removeSparkListener(listener);
  }
}
