package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The settings in README and {@code conf/} are those that there are. */
@Timeout(60)
class SettingNamesTest {

  private static final Path ROOT = Path.of("..");

  @Test
  void theReadmesTableHasEverySettingAndNoOther() throws IOException {
    Set<String> rows = new TreeSet<>();
    Pattern.compile("(?m)^\\| `(spark\\.focal\\.[a-z.-]+)` \\|")
        .matcher(Files.readString(ROOT.resolve("README.md")))
        .results()
        .forEach(row -> rows.add(row.group(1)));
    assertThat(rows).containsExactlyInAnyOrderElementsOf(SettingNames.KNOWN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "gpu"})
  void theFilesOfConfBecomeOptionsOfSparkSubmit(String device) throws Exception {
    Path file = ROOT.resolve("conf/spark-defaults-" + device + ".conf");
    Map<String, String> expected = new TreeMap<>();
    try (Reader reader = Files.newBufferedReader(file)) {
      Properties properties = new Properties();
      properties.load(reader);
      properties.forEach((key, value) -> expected.put((String) key, ((String) value).strip()));
    }
    Process process =
        new ProcessBuilder("bash", ROOT.resolve("bin/conf-options").toString(), file.toString())
            .redirectErrorStream(true)
            .start();
    List<String> printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    Map<String, String> options = new TreeMap<>();
    for (int i = 0; i < printed.size(); i += 2) {
      assertThat(printed.get(i)).isEqualTo("--conf");
      options.put(printed.get(i + 1).split("=", 2)[0], printed.get(i + 1).split("=", 2)[1]);
    }
    assertThat(options).isEqualTo(expected);
    assertThat(options)
        .containsEntry("spark.executorEnv.DJL_OFFLINE", "true")
        .containsEntry("spark.executorEnv.OPT_OUT_TRACKING", "true")
        .doesNotContainKey("spark.executor.memoryOverhead");
    SparkConf conf = new SparkConf(false);
    options.forEach(conf::set);
    assertThatCode(() -> JobSettings.of(conf)).doesNotThrowAnyException();
  }

  @Test
  void whatSparksTransportReadsByTheNameOfItsModuleIsKnown() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.focal.io.mode", "NIO")
            .set("spark.focal.sasl.timeout", "90s");
    assertThatCode(() -> SettingNames.requireKnown(conf)).doesNotThrowAnyException();
    assertThat(SettingNames.isOfApplication("spark.focal.sasl.timeout")).isTrue();
    assertThat(SettingNames.isOfApplication("spark.focal.slots.timeout")).isFalse();
  }

  @Test
  void aSessionTakesTheSettingsOfItsApplicationAndMayChangeOrUnsetThem() {
    SparkConf application =
        new SparkConf(false)
            .set("spark.focal.collective.timeout", "5s")
            .set("spark.focal.slots.timeout", "7s")
            .set("spark.focal.io.mode", "NIO")
            .set("spark.executor.cores", "3");
    SparkConf merged =
        SessionSettings.merged(application, Map.of("collective.timeout", "6s", "io.mode", "NIO"));
    assertThat(merged.get("spark.focal.collective.timeout")).isEqualTo("6s");
    assertThat(merged.contains("spark.focal.slots.timeout")).isFalse();
    assertThat(merged.get("spark.focal.io.mode")).isEqualTo("NIO");
    assertThat(merged.get("spark.executor.cores")).isEqualTo("3");
  }
}
