package io.sparkfocal.plugin;

import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Loads the native library when an executor starts, tells the driver of each epoch while a model
 * trains, and sets what training needs of Spark where the application does not ({@code
 * spark.barrier.sync.timeout}, {@code spark.scheduler.barrier.maxConcurrentTasksCheck.interval},
 * {@code spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures}, {@code
 * spark.task.reaper.enabled}); switched on by {@code
 * spark.plugins=io.sparkfocal.plugin.SparkFocalPlugin}.
 *
 * <p>Training works without it: the library is then loaded by the first task, and progress is only
 * in the executors' logs.
 */
public final class SparkFocalPlugin implements SparkPlugin {

  /** Made by Spark. */
  public SparkFocalPlugin() {}

  @Override
  public DriverPlugin driverPlugin() {
    return new ProgressReceiver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ProgressSender();
  }
}
