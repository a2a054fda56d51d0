package io.sparkfocal.job;

import io.sparkfocal.collective.Collective;
import java.time.Duration;
import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;

/**
 * The {@code spark.focal.*} settings of an application.
 *
 * @param slotsTimeout {@code spark.focal.slots.timeout}: how long {@code fit} waits for executors
 *     to register (60s)
 * @param busyTimeout {@code spark.focal.slots.busy-timeout}: how long {@code fit} waits for slots
 *     that other tasks hold; null for ever
 * @param collectiveTimeout {@code spark.focal.collective.timeout}: how long a rank waits for
 *     another (120s)
 * @param gradientPrecision {@code spark.focal.collective.precision}: how gradients travel over
 *     Spark's transport, float32 or bfloat16 (float32)
 * @param hierarchical {@code spark.focal.collective.hierarchical}: whether ranks that share a JVM
 *     sum in memory before one of them sums with other JVMs; bits then depend on which ranks share
 *     one (false)
 * @param fusedKernels {@code spark.focal.gpu.fused-kernels}: whether a GPU computes focal loss and
 *     AdamW in kernels of this library, where it can (true)
 * @param largestSkew {@code spark.focal.data.max-skew}: rows of the largest partition over the mean
 *     above which the input is repartitioned (1.2); a large number keeps the partitions as they are
 * @param shardMemory {@code spark.focal.data.shard-memory}: bytes of rows that a rank keeps on the
 *     heap; null for a part of the heap
 */
record JobSettings(
    Duration slotsTimeout,
    @Nullable Duration busyTimeout,
    Duration collectiveTimeout,
    Collective.Precision gradientPrecision,
    boolean hierarchical,
    boolean fusedKernels,
    double largestSkew,
    @Nullable Long shardMemory) {

  private static final String SLOTS_TIMEOUT = "spark.focal.slots.timeout";
  private static final String BUSY_TIMEOUT = "spark.focal.slots.busy-timeout";
  private static final String COLLECTIVE_TIMEOUT = "spark.focal.collective.timeout";
  private static final String PRECISION = "spark.focal.collective.precision";
  private static final String HIERARCHICAL = "spark.focal.collective.hierarchical";
  private static final String FUSED_KERNELS = "spark.focal.gpu.fused-kernels";
  private static final String MAX_SKEW = "spark.focal.data.max-skew";
  private static final String SHARD_MEMORY = "spark.focal.data.shard-memory";

  /**
   * Those of an application.
   *
   * @throws IllegalArgumentException if one has no value that it can have
   */
  static JobSettings of(SparkConf conf) {
    return new JobSettings(
        time(conf, SLOTS_TIMEOUT, "60s"),
        conf.contains(BUSY_TIMEOUT) ? time(conf, BUSY_TIMEOUT, "") : null,
        time(conf, COLLECTIVE_TIMEOUT, "120s"),
        precision(conf.get(PRECISION, "float32")),
        isTrue(conf, HIERARCHICAL),
        isTrue(conf, FUSED_KERNELS, true),
        skew(conf),
        conf.contains(SHARD_MEMORY) ? bytes(conf) : null);
  }

  /** A setting that is true or false, the latter where it is not set. */
  static boolean isTrue(SparkConf conf, String key) {
    return isTrue(conf, key, false);
  }

  private static boolean isTrue(SparkConf conf, String key, boolean otherwise) {
    String value = conf.get(key, String.valueOf(otherwise));
    if (!value.equalsIgnoreCase("true") && !value.equalsIgnoreCase("false")) {
      throw wrong(key, value, "true or false");
    }
    return Boolean.parseBoolean(value);
  }

  private static double skew(SparkConf conf) {
    try {
      double skew = conf.getDouble(MAX_SKEW, 1.2);
      if (skew >= 1) {
        return skew;
      }
    } catch (NumberFormatException e) {
      throw wrong(MAX_SKEW, conf.get(MAX_SKEW), "a number of at least 1");
    }
    throw wrong(MAX_SKEW, conf.get(MAX_SKEW), "a number of at least 1");
  }

  private static long bytes(SparkConf conf) {
    String allowed = "a size above 0, for instance 512m";
    try {
      long bytes = conf.getSizeAsBytes(SHARD_MEMORY);
      if (bytes > 0) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      throw wrong(SHARD_MEMORY, conf.get(SHARD_MEMORY), allowed);
    }
    throw wrong(SHARD_MEMORY, conf.get(SHARD_MEMORY), allowed);
  }

  private static IllegalArgumentException wrong(String key, String value, String allowed) {
    return new IllegalArgumentException(
        "%s is \"%s\"; set it to %s.".formatted(key, value, allowed));
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
    String allowed = "a time above 0, for instance 60s";
    try {
      long millis = conf.getTimeAsMs(key, otherwise);
      if (millis > 0) {
        return Duration.ofMillis(millis);
      }
    } catch (IllegalArgumentException e) {
      throw wrong(key, conf.get(key), allowed);
    }
    throw wrong(key, conf.get(key), allowed);
  }
}
