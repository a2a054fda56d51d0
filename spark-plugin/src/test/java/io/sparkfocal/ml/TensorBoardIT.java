package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is in the files, TensorBoard's own reader says in the tests of the Python package. */
@Timeout(120)
class TensorBoardIT {

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void eachLossOfASearchHasAFolder(@TempDir Path folder) throws IOException {
    Dataset<Row> rows = Samples.rows(TestSpark.local(), 300);
    FocalLossClassifier classifier =
        new FocalLossClassifier("a/b")
            .setHiddenLayers(8)
            .setMaxIter(2)
            .setNumWorkers(2)
            .setLossSearch("crossEntropy", "focal")
            .setTensorBoardDir(folder.resolve("events").toString());
    classifier.fit(rows);
    List<String> runs = names(folder.resolve("events"));
    assertThat(runs)
        .hasSize(2)
        .allMatch(run -> run.matches("a_b-[0-9a-f]{4}-(crossEntropy|focal)"));
    for (String run : runs) {
      assertThat(names(folder.resolve("events").resolve(run)))
          .hasSizeBetween(1, 2)
          .allMatch(name -> name.startsWith("events.out.tfevents."));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> classifier.setTensorBoardDir("nowhere://host/events").fit(rows))
        .withMessage(
            "tensorBoardDir nowhere://host/events cannot be used: No FileSystem for scheme \"nowhere\"; set it to a folder of a file system that executors can write to.");
  }
}
