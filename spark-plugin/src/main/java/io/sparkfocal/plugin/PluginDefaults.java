package io.sparkfocal.plugin;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings of Spark that suit training better than Spark's own defaults, where the application says
 * nothing.
 *
 * <p>A driver's plugin starts before the scheduler and before any executor asks for the
 * application's settings, so these still count; the executors' environment and memory do not, since
 * the cluster manager has been asked for those.
 */
final class PluginDefaults {

  private static final Logger LOG = LoggerFactory.getLogger(PluginDefaults.class);

  private static final Map<String, String> DEFAULTS =
      Map.of(
          // How long ranks wait for the last to have read its rows: a year without it.
          "spark.barrier.sync.timeout", "1h",
          // How soon a stage that found too few slots looks again: 15 s without it.
          "spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "2s",
          // How often it looks: 40 times without it, which at 2 s is less than fit may wait.
          "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "1000",
          // Says in the executor's log if a cancelled rank does not end.
          "spark.task.reaper.enabled", "true");

  private PluginDefaults() {}

  /** Adds them to the settings of an application that starts. */
  static void addTo(SparkConf conf) {
    Map<String, String> added = new TreeMap<>(DEFAULTS);
    added.keySet().removeIf(conf::contains);
    added.forEach(conf::set);
    if (!added.isEmpty()) {
      LOG.info("Set, since nobody did: {}", added);
    }
  }
}
