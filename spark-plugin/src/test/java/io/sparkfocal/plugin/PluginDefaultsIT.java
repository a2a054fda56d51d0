package io.sparkfocal.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.TestSpark;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the plugin sets where nobody did. */
@Timeout(120)
class PluginDefaultsIT {

  private static final String SYNC = "spark.barrier.sync.timeout";
  private static final String CHECK = "spark.scheduler.barrier.maxConcurrentTasksCheck.interval";
  private static final String CHECKS =
      "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures";
  private static final String REAPER = "spark.task.reaper.enabled";

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  @Test
  void theyReachDriverAndExecutorsAndNothingThatIsSetIsChanged() {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put(SYNC, "7m");
    settings.remove(CHECK);
    SparkSession spark = TestSpark.with(settings);
    SparkConf ofDriver = spark.sparkContext().getConf();
    assertThat(ofDriver.get(SYNC)).isEqualTo("7m");
    assertThat(ofDriver.get(CHECK)).isEqualTo("2s");
    assertThat(ofDriver.get(REAPER)).isEqualTo("true");
    List<String> ofExecutors =
        new JavaSparkContext(spark.sparkContext())
            .parallelize(List.of(1, 2), 2)
            .map(i -> SparkEnv.get().executorId() + " " + SparkEnv.get().conf().get(REAPER, "-"))
            .collect();
    assertThat(ofExecutors).allMatch(text -> text.matches("\\d+ true"));
  }

  @Test
  void whatNobodySetsIsSet() {
    SparkConf conf = new SparkConf(false);
    PluginDefaults.addTo(conf);
    assertThat(conf.get(SYNC)).isEqualTo("1h");
    assertThat(conf.get(CHECK)).isEqualTo("2s");
    assertThat(conf.getInt(CHECKS, 40)).isEqualTo(1000);
  }
}
