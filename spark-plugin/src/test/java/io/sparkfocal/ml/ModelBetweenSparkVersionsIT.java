package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.OtherJvm;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.Traveller;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Runs in the suite on Spark 3.5, which knows the class path of the suite on Spark 4.0. */
@Timeout(300)
@EnabledIfSystemProperty(
    named = "sparkfocal.other.classpath",
    matches = ".+",
    disabledReason = "there is one Spark version here; run with -Pspark-3.5")
class ModelBetweenSparkVersionsIT {

  @TempDir Path folder;

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  private static void inOtherVersion(String action, Path model, Path predictions)
      throws IOException, InterruptedException {
    Path built = Path.of(System.getProperty("sparkfocal.other.classes"));
    String classPath =
        String.join(
            File.pathSeparator,
            built.resolve("test-classes").toString(),
            built.resolve("classes").toString(),
            Files.readString(Path.of(System.getProperty("sparkfocal.other.classpath"))).trim());
    assertThat(classPath).contains("spark-core_2.13");
    OtherJvm.Ended ended =
        OtherJvm.run(
            classPath, Map.of(), Traveller.class, action, model.toString(), predictions.toString());
    assertThat(ended.exitCode()).as(ended.output()).isZero();
  }

  @Test
  void aModelSavedOnTheOtherVersionScoresHereAsThere() throws Exception {
    inOtherVersion("save", folder.resolve("model"), folder.resolve("there"));
    Traveller.score(TestSpark.local(), folder.resolve("model"), folder.resolve("here"));
    assertSamePredictions();
  }

  @Test
  void aModelSavedHereScoresOnTheOtherVersionAsHere() throws Exception {
    Traveller.save(TestSpark.local(), folder.resolve("model"), folder.resolve("here"));
    inOtherVersion("score", folder.resolve("model"), folder.resolve("there"));
    assertSamePredictions();
  }

  private void assertSamePredictions() throws IOException {
    assertThat(Files.readAllLines(folder.resolve("here")))
        .hasSize(120)
        .isEqualTo(Files.readAllLines(folder.resolve("there")));
  }
}
