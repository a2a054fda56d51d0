package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.OtherJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** What grows with rows and classes does not grow in the driver. */
@EnabledIfSystemProperty(
    named = "large.tests",
    matches = "true",
    disabledReason = "Takes long: profile nightly.")
class ManyClassesIT {

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void manyRowsOfManyClassesGoAllTheWayInAHeapOfOneGigabyte(@TempDir Path folder) throws Exception {
    Path output = folder.resolve("output");
    Process process =
        OtherJvm.start(output, System.getProperty("java.class.path"), Map.of(), ManyClasses.class);
    try {
      boolean ended = process.waitFor(19, TimeUnit.MINUTES);
      String said = Files.readString(output);
      assertThat(ended).as(said).isTrue();
      assertThat(said)
          .contains("calibrated on 1000000 rows, 1000 thresholds")
          .contains("counted 100000 classes")
          .contains("trained 100000 classes");
      assertThat(process.exitValue()).as(said).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
