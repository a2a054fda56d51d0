package io.sparkfocal.job;

import io.sparkfocal.collective.Collective;
import java.time.Duration;
import org.apache.spark.SparkConf;

/**
 * The {@code spark.focal.*} settings of an application.
 *
 * @param slotsTimeout {@code spark.focal.slots.timeout}: how long {@code fit} waits for executors
 *     to register (60s)
 * @param collectiveTimeout {@code spark.focal.collective.timeout}: how long a rank waits for
 *     another (120s)
 * @param gradientPrecision {@code spark.focal.collective.precision}: how gradients travel over
 *     Spark's transport, float32 or bfloat16 (float32)
 * @param hierarchical {@code spark.focal.collective.hierarchical}: whether ranks that share a JVM
 *     sum in memory before one of them sums with other JVMs; bits then depend on which ranks share
 *     one (false)
 * @param largestSkew {@code spark.focal.data.max-skew}: rows of the largest partition over the mean
 *     above which the input is repartitioned (1.2); a large number keeps the partitions as they are
 */
record JobSettings(
    Duration slotsTimeout,
    Duration collectiveTimeout,
    Collective.Precision gradientPrecision,
    boolean hierarchical,
    double largestSkew) {

  private static final String SLOTS_TIMEOUT = "spark.focal.slots.timeout";
  private static final String COLLECTIVE_TIMEOUT = "spark.focal.collective.timeout";
  private static final String PRECISION = "spark.focal.collective.precision";
  private static final String HIERARCHICAL = "spark.focal.collective.hierarchical";
  private static final String MAX_SKEW = "spark.focal.data.max-skew";

  static JobSettings of(SparkConf conf) {
    double skew = conf.getDouble(MAX_SKEW, 1.2);
    if (!(skew >= 1)) {
      throw new IllegalArgumentException(
          MAX_SKEW + " is " + skew + "; set it to a number of at least 1.");
    }
    return new JobSettings(
        time(conf, SLOTS_TIMEOUT, "60s"),
        time(conf, COLLECTIVE_TIMEOUT, "120s"),
        precision(conf.get(PRECISION, "float32")),
        conf.getBoolean(HIERARCHICAL, false),
        skew);
  }

  private static Collective.Precision precision(String name) {
    for (Collective.Precision precision : Collective.Precision.values()) {
      if (precision.name().equalsIgnoreCase(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "%s is \"%s\"; choose float32 or bfloat16.".formatted(PRECISION, name));
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
