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

/** Needs 22 GB of memory and 20 GB of disk. */
@EnabledIfSystemProperty(
    named = "large.tests",
    matches = "true",
    disabledReason = "Takes long: profile nightly.")
class LargeModelIT {

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void aNetworkOf540MillionParametersGoesAllTheWayInAHeapOfEightGigabytes(@TempDir Path folder)
      throws Exception {
    Path output = folder.resolve("output");
    Process process =
        OtherJvm.start(
            "8g",
            output,
            System.getProperty("java.class.path"),
            Map.of(),
            LargeModel.class,
            folder.toString());
    try {
      boolean ended = process.waitFor(19, TimeUnit.MINUTES);
      String said = Files.readString(output);
      assertThat(ended).as(said).isTrue();
      assertThat(said).contains("loaded 540306763 parameters").contains("scored 16 after ");
      assertThat(process.exitValue()).as(said).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
