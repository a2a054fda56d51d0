package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.LogLines;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import io.sparkfocal.train.ValidationMetric;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TensorBoardWriterTest {

  private static final String RESTART = ":\2\10\1";

  private static EpochReport epoch(int number, Evaluation validation) {
    return new EpochReport(number, 9, 0.5, validation, 0.01, 1000, 1);
  }

  private static TensorBoardWriter writer(String folder) {
    return new TensorBoardWriter(
        new TensorBoardPlan(folder, new SerializableConfiguration(new Configuration(false))),
        ValidationMetric.PR_AUC,
        "host");
  }

  private static List<String> names(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  /** Files in the order of their names, as Latin-1. */
  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().map(TensorBoardWriterTest::text).toList();
    }
  }

  private static String text(Path file) {
    try {
      return file.getFileName() + " " + Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theFirstEpochIsWrittenAtOnceAndTheOthersAtTheEnd(@TempDir Path folder) throws IOException {
    Path run = folder.resolve("run");
    try (TensorBoardWriter writer = writer(run.toUri().toString())) {
      writer.write(epoch(1, new Evaluation(0.25, 0.5, 0.75, 0.125)));
      while (names(run).stream().noneMatch(name -> name.contains("tfevents"))) {
        Thread.onSpinWait();
      }
      writer.write(epoch(2, new Evaluation(0.25, 0.5, 0.75, Double.NaN)));
      writer.write(epoch(3, null));
    }
    List<String> files = files(run);
    assertThat(files).hasSize(2);
    assertThat(files.get(0))
        .matches("(?s)events\\.out\\.tfevents\\.\\d{10}\\.host\\.000001 .*")
        .contains(
            "loss/training",
            "loss/validation",
            "validation/macroRecall",
            "validation/accuracy",
            "validation/prAuc",
            "training/learningRate",
            "training/rowsPerSecond")
        .doesNotContain(RESTART);
    assertThat(files.get(1))
        .contains(".000002 ", "loss/validation")
        .doesNotContain("validation/prAuc", RESTART);
  }

  @Test
  void anAttemptThatGoesOnTakesBackWhatTheOneBeforeSaid(@TempDir Path folder) throws IOException {
    try (TensorBoardWriter writer = writer(folder.toUri().toString())) {
      writer.write(epoch(4, null));
      writer.write(epoch(5, null));
    }
    assertThat(files(folder)).hasSize(2);
    assertThat(files(folder).get(0)).contains(RESTART);
    assertThat(files(folder).get(1)).doesNotContain(RESTART);
  }

  @Test
  void whatCannotBeWrittenLeavesAWarning(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    try (LogLines warnings = new LogLines(TensorBoardWriter.class.getName())) {
      try (TensorBoardWriter writer = writer(file.toUri() + "/run")) {
        writer.write(epoch(1, null));
      }
      assertThat(warnings.lines())
          .singleElement()
          .asString()
          .startsWith("Events of epochs 1 to 1 cannot be written to " + file.toUri() + "/run");
    }
  }
}
