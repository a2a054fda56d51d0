package io.sparkfocal.job;

import io.sparkfocal.collective.Collective;
import java.io.Serializable;
import java.time.Duration;
import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;

/**
 * The {@code spark.focal.*} settings of a fit: read once, on the driver, and sent to the ranks in
 * the plan.
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
 * @param port {@code spark.focal.port}: where the first rank of a host listens, the next ones above
 *     it; 0 for any free port (0)
 * @param portRetries {@code spark.port.maxRetries}: how many ports above it are tried (16)
 * @param fusedKernels {@code spark.focal.gpu.fused-kernels}: whether a GPU computes focal loss and
 *     AdamW in kernels of this library, where it can (true)
 * @param sharedGpu {@code spark.focal.gpu.shared}: whether several ranks may train on one GPU
 *     (false)
 * @param libraryPath {@code spark.focal.nccl.library-path}: folders to look in first for NVIDIA's
 *     libraries, separated as in a class path (empty)
 * @param checkpointLease {@code spark.focal.checkpoint.lease}: how long a run passes for one that
 *     is being trained after its driver was last heard of (60s)
 * @param checkpointRetention {@code spark.focal.checkpoint.retention}: how old checkpoints of other
 *     runs may become before they are deleted; 0 for no limit (7d)
 */
public record JobSettings(
    Duration slotsTimeout,
    @Nullable Duration busyTimeout,
    Duration collectiveTimeout,
    Collective.Precision gradientPrecision,
    boolean hierarchical,
    int port,
    int portRetries,
    boolean fusedKernels,
    boolean sharedGpu,
    String libraryPath,
    Duration checkpointLease,
    Duration checkpointRetention)
    implements Serializable {

  static final String SLOTS_TIMEOUT = "spark.focal.slots.timeout";
  static final String BUSY_TIMEOUT = "spark.focal.slots.busy-timeout";
  static final String COLLECTIVE_TIMEOUT = "spark.focal.collective.timeout";
  static final String PRECISION = "spark.focal.collective.precision";
  static final String HIERARCHICAL = "spark.focal.collective.hierarchical";
  static final String PORT = "spark.focal.port";
  static final String PORT_RETRIES = "spark.port.maxRetries";
  static final String FUSED_KERNELS = "spark.focal.gpu.fused-kernels";
  static final String SHARED_GPU = "spark.focal.gpu.shared";
  static final String LIBRARY_PATH = "spark.focal.nccl.library-path";
  static final String LEASE = "spark.focal.checkpoint.lease";
  static final String RETENTION = "spark.focal.checkpoint.retention";

  private static final int LEAST_PORT = 1024;
  private static final long LEAST_LEASE_MILLIS = 5000;
  private static final int LARGEST_PORT = 65_535;

  /**
   * Those of an application, or of a session as {@link SessionSettings} makes them.
   *
   * @throws IllegalArgumentException if one is unknown, or has no value that it can have
   */
  static JobSettings of(SparkConf conf) {
    SettingNames.requireKnown(conf);
    return new JobSettings(
        time(conf, SLOTS_TIMEOUT, "60s"),
        conf.contains(BUSY_TIMEOUT) ? time(conf, BUSY_TIMEOUT, "") : null,
        time(conf, COLLECTIVE_TIMEOUT, "120s"),
        precision(conf.get(PRECISION, "float32")),
        isTrue(conf, HIERARCHICAL),
        port(conf),
        conf.getInt(PORT_RETRIES, 16),
        isTrue(conf, FUSED_KERNELS, true),
        isTrue(conf, SHARED_GPU),
        conf.get(LIBRARY_PATH, ""),
        time(conf, LEASE, "60s", LEAST_LEASE_MILLIS, "a time of at least 5s, for instance 60s"),
        timeOrZero(conf, RETENTION, "7d"));
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

  private static int port(SparkConf conf) {
    String value = conf.get(PORT, "0");
    String allowed = "0, for any free port, or a port from 1024 to 65535";
    try {
      int port = Integer.parseInt(value);
      if (port == 0 || (port >= LEAST_PORT && port <= LARGEST_PORT)) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw wrong(PORT, value, allowed);
    }
    throw wrong(PORT, value, allowed);
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
    return time(conf, key, otherwise, 1, "a time above 0, for instance 60s");
  }

  private static Duration timeOrZero(SparkConf conf, String key, String otherwise) {
    return time(conf, key, otherwise, 0, "a time, for instance " + otherwise + ", or 0");
  }

  private static Duration time(
      SparkConf conf, String key, String otherwise, long least, String allowed) {
    try {
      long millis = conf.getTimeAsMs(key, otherwise);
      if (millis >= least) {
        return Duration.ofMillis(millis);
      }
    } catch (IllegalArgumentException e) {
      throw wrong(key, conf.get(key), allowed);
    }
    throw wrong(key, conf.get(key), allowed);
  }
}
