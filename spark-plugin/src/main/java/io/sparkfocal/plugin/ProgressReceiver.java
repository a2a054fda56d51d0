package io.sparkfocal.plugin;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's half: completes the application's settings, and turns messages of progress into log
 * lines and listener events.
 */
final class ProgressReceiver implements DriverPlugin {

  private static final Logger LOG = LoggerFactory.getLogger(ProgressReceiver.class);

  private @Nullable SparkContext spark;

  @Override
  public Map<String, String> init(SparkContext spark, PluginContext context) {
    this.spark = spark;
    PluginDefaults.addTo(spark.conf());
    return Map.of();
  }

  /** Runs on the thread that all plugins share, so it only hands the message on. */
  @Override
  public @Nullable Object receive(Object message) {
    if (message instanceof EpochCompleted epoch) {
      LOG.info("{}: {}", epoch.run(), epoch.report());
      RecentEpochs.add(epoch);
      if (spark != null) {
        spark.listenerBus().post(epoch);
      }
    }
    return null;
  }
}
