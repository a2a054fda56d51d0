package io.sparkfocal.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkStatusTracker;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;

/**
 * The Spark session of this JVM: started when a test asks for one, kept while the next asks for the
 * same settings.
 */
public final class TestSpark {

  private static Map<String, String> settings = Map.of();

  private TestSpark() {}

  /** Three task slots in this JVM. */
  public static SparkSession local() {
    return with(Map.of("spark.master", "local[3]"));
  }

  /** Two executor processes of one slot each, with the plugin. */
  public static SparkSession twoExecutors() {
    return with(twoExecutorSettings());
  }

  /** The settings of {@link #twoExecutors}. */
  public static Map<String, String> twoExecutorSettings() {
    Map<String, String> conf = new TreeMap<>();
    conf.put("spark.master", "local-cluster[2,1,1024]");
    conf.put("spark.executor.instances", "2");
    conf.put("spark.plugins", "io.sparkfocal.plugin.SparkFocalPlugin");
    conf.put("spark.executor.extraClassPath", System.getProperty("java.class.path"));
    conf.put("spark.executorEnv.SPARK_SCALA_VERSION", scalaBinaryVersion());
    conf.put("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    return conf;
  }

  private static String scalaBinaryVersion() {
    String version = scala.util.Properties.versionNumberString();
    return version.substring(0, version.lastIndexOf('.'));
  }

  /** A session with exactly these settings, beside those of every test. */
  public static synchronized SparkSession with(Map<String, String> wanted) {
    if (!SparkSession.getActiveSession().isEmpty() && !settings.equals(wanted)) {
      stop();
    }
    settings = Map.copyOf(wanted);
    SparkSession.Builder builder =
        SparkSession.builder()
            .appName("test")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "3")
            .config("spark.default.parallelism", "3")
            .config("spark.sql.warehouse.dir", Path.of("target", "warehouse").toUri().toString());
    wanted.forEach(builder::config);
    makeSparkHome();
    return builder.getOrCreate();
  }

  /** Returns once that many executors have registered, however busy the machine is. */
  public static void awaitExecutors(int count) {
    SparkStatusTracker status = SparkSession.active().sparkContext().statusTracker();
    Awaitility.await()
        .atMost(Duration.ofSeconds(100))
        .until(() -> status.getExecutorInfos().length == count + 1);
  }

  /** Ends the session, so that the next test starts one. */
  public static synchronized void stop() {
    if (!SparkSession.getActiveSession().isEmpty()) {
      SparkSession.active().stop();
    }
    SparkSession.clearActiveSession();
    SparkSession.clearDefaultSession();
    settings = Map.of();
  }

  /** Where local-cluster looks for Spark's jars, which are on the class path instead. */
  private static void makeSparkHome() {
    try {
      Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
