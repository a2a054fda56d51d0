package io.sparkfocal.job;

import java.time.Duration;
import org.apache.spark.SparkConf;

/**
 * The {@code spark.focal.*} settings of an application.
 *
 * @param slotsTimeout {@code spark.focal.slots.timeout}: how long {@code fit} waits for executors
 *     to register (60s)
 * @param collectiveTimeout {@code spark.focal.collective.timeout}: how long a rank waits for
 *     another (120s)
 * @param largestSkew {@code spark.focal.data.max-skew}: rows of the largest partition over the mean
 *     above which the input is repartitioned (1.2); a large number keeps the partitions as they are
 */
record JobSettings(Duration slotsTimeout, Duration collectiveTimeout, double largestSkew) {

  private static final String SLOTS_TIMEOUT = "spark.focal.slots.timeout";
  private static final String COLLECTIVE_TIMEOUT = "spark.focal.collective.timeout";
  private static final String MAX_SKEW = "spark.focal.data.max-skew";

  static JobSettings of(SparkConf conf) {
    double skew = conf.getDouble(MAX_SKEW, 1.2);
    if (!(skew >= 1)) {
      throw new IllegalArgumentException(
          MAX_SKEW + " is " + skew + "; set it to a number of at least 1.");
    }
    return new JobSettings(
        time(conf, SLOTS_TIMEOUT, "60s"), time(conf, COLLECTIVE_TIMEOUT, "120s"), skew);
  }

  private static Duration time(SparkConf conf, String key, String otherwise) {
    long millis = conf.getTimeAsMs(key, otherwise);
    if (millis <= 0) {
      throw new IllegalArgumentException(
          key + " is " + conf.get(key) + "; set it to a time above 0, for instance 60s.");
    }
    return Duration.ofMillis(millis);
  }
}
