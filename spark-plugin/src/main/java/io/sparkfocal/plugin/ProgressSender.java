package io.sparkfocal.plugin;

import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The executor's half: loads the native library and sends progress to the driver.
 *
 * <p>A task cannot ask Spark for the plugin of its executor, so the running one is kept here; one
 * executor is one JVM.
 */
public final class ProgressSender implements ExecutorPlugin {

  private static final Logger LOG = LoggerFactory.getLogger(ProgressSender.class);
  private static final AtomicReference<ProgressSender> RUNNING = new AtomicReference<>();

  private volatile @Nullable PluginContext context;

  ProgressSender() {}

  /** The plugin of this executor, if it is switched on. */
  public static Optional<ProgressSender> running() {
    return Optional.ofNullable(RUNNING.get());
  }

  @Override
  public void init(PluginContext pluginContext, Map<String, String> extraConf) {
    context = pluginContext;
    RUNNING.set(this);
    try {
      NativeEngine.require(pluginContext.conf().getInt("spark.task.cpus", 1));
    } catch (IllegalStateException e) {
      // The first task that needs the engine fails with the same cause; other work goes on.
      LOG.error("Native warm-up failed", e);
    }
  }

  /** Sends without waiting; progress that cannot be sent is lost with a log line. */
  public void send(EpochCompleted epoch) {
    PluginContext driver = Objects.requireNonNull(context);
    try {
      driver.send(epoch);
    } catch (IOException e) {
      LOG.warn("Progress of {} not sent", epoch.run(), e);
    }
  }

  @Override
  public void shutdown() {
    RUNNING.compareAndSet(this, null);
  }
}
