package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeMemoryTest {

  private static final long MIB = 1 << 20;

  private static @Nullable String shortage(
      long needMib, String master, String version, Map<String, String> settings) {
    SparkConf conf = new SparkConf(false);
    settings.forEach(conf::set);
    return new NativeMemory(needMib * MIB, 0, 0, 0, 1).shortage(conf, master, version);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        // what is set | master | Spark | MiB that there are then
        "-|yarn|4.0.1|384",
        "spark.executor.memory=8g|yarn|4.0.1|819",
        "spark.executor.memory=8g|k8s://https://h|3.5.6|819",
        "spark.executor.memory=64g spark.executor.memoryOverhead=1g|yarn|4.0.1|1024",
        "spark.executor.memoryOverhead=2048|yarn|3.5.6|2048",
        "spark.executor.memory=8g spark.executor.memoryOverheadFactor=0.25|yarn|3.5.6|2048",
        "spark.executor.memory=8g spark.kubernetes.memoryOverheadFactor=0.5|k8s://h|3.5.6|4096",
        "spark.executor.memory=8g spark.kubernetes.memoryOverheadFactor=0.5|yarn|3.5.6|819",
        "spark.executor.minMemoryOverhead=1g|yarn|4.0.1|1024",
        "spark.executor.minMemoryOverhead=1g|yarn|3.5.6|384",
      })
  void theOverheadIsWhatSparkMakesOfTheSettings(
      @Nullable String settings, String master, String version, long there) {
    Map<String, String> conf = new TreeMap<>();
    for (String pair : settings == null ? new String[0] : settings.split(" ", -1)) {
      conf.put(pair.split("=", 2)[0], pair.split("=", 2)[1]);
    }
    assertThat(shortage(there, master, version, conf)).isNull();
    assertThat(shortage(there + 1, master, version, conf))
        .contains("but its container has " + there + " MiB for that");
  }

  @Test
  void theWarningHasTheFiguresAndTheSetting() {
    NativeMemory need = new NativeMemory(400 * MIB, 384 * MIB, 100 * MIB, 3 * MIB, 16);
    SparkConf conf = new SparkConf(false).set("spark.executor.memoryOverhead", "1g");
    assertThat(need.bytes()).isEqualTo((500 + 16 * 387) * MIB);
    assertThat(need.shortage(conf, "yarn", "4.0.1"))
        .isEqualTo(
            "An executor needs about 6692 MiB outside its heap (PyTorch 400 MiB, a checkpoint that is being written 100 MiB, and 16 ranks with 384 MiB of weights, gradients and moments and 3 MiB of a step each), but its container has 1024 MiB for that and may be killed; set spark.executor.memoryOverhead to 6692m, or raise spark.executor.memoryOverheadFactor.");
  }

  @Test
  void whereNobodyLimitsTheMemoryNothingIsSaid() {
    for (String master : new String[] {"local[4]", "local-cluster[2,1,1024]", "spark://h:7077"}) {
      assertThat(shortage(100_000, master, "4.0.1", Map.of())).isNull();
    }
  }
}
