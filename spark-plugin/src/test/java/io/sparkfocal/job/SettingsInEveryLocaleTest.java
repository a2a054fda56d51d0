package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.testing.Locales;
import java.time.Duration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SettingsInEveryLocaleTest {

  private static JobSettings with(String key, String value) {
    return JobSettings.of(new SparkConf(false).set(key, value));
  }

  @Test
  void namesAreRead() {
    Locales.inEach(
        () -> {
          for (DeviceChoice choice : DeviceChoice.values()) {
            assertThat(DeviceChoice.of(lower(choice))).isEqualTo(choice);
          }
          for (Transport transport : Transport.values()) {
            SparkConf conf = new SparkConf(false).set("spark.focal.collective", lower(transport));
            assertThat(Transport.of(conf, DeviceChoice.CPU)).isEqualTo(transport);
          }
          for (Collective.Precision precision : Collective.Precision.values()) {
            for (String name : new String[] {lower(precision), precision.name()}) {
              assertThat(with("spark.focal.collective.precision", name).gradientPrecision())
                  .isEqualTo(precision);
            }
          }
        });
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(java.util.Locale.ROOT);
  }

  @Test
  void timesAndNumbersAreRead() {
    Locales.inEach(
        () -> {
          assertThat(with("spark.focal.collective.timeout", "3MIN").collectiveTimeout())
              .isEqualTo(Duration.ofMinutes(3));
          assertThat(with("spark.focal.collective.hierarchical", "TRUE").hierarchical()).isTrue();
          assertThat(with("spark.focal.port", "7300").port()).isEqualTo(7300);
        });
  }
}
