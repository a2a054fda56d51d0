package io.sparkfocal.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.data.CategoryEncoding;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.OptimizerState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

  private static final Configuration HADOOP = new Configuration(false);

  @TempDir Path folder;

  private static Checkpoint checkpoint(int epoch, long step) {
    float[] weights = {1.5f, -0.0f, Float.MIN_VALUE, step};
    LoopState state =
        new LoopState(
            epoch,
            step,
            100,
            0.1 + 0.2,
            3,
            Floats.of(weights),
            new OptimizerState(7, Map.of("mean", Floats.of(1), "variance", Floats.of(2))),
            new LoopState.Best(1, Double.NEGATIVE_INFINITY, Floats.of(weights)),
            List.of(
                new EpochReport(1, 5, Math.PI, null, 0.01, 1e6, 2.5),
                new EpochReport(
                    2, 5, 3, new Evaluation(Double.NaN, 0.1, 0.2, 0.3), 0.01, 1e6, 2.5)),
            12.5);
    return new Checkpoint(
        Map.of("network", "small", "loss", "focal"),
        new Standardization(new double[] {0.1}, new double[] {3}),
        state);
  }

  private CheckpointFolder run(String name) throws IOException {
    return new CheckpointFolder(folder.toUri().toString(), name, HADOOP);
  }

  private List<Path> files(String run) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(run))) {
      return files.filter(f -> !f.toString().endsWith(".crc")).sorted().toList();
    }
  }

  private static long step(CheckpointFolder.Found found) {
    try (Checkpoint checkpoint = CheckpointFolder.open(found.file(), HADOOP)) {
      return checkpoint.state().step();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void dictionariesMayBeLongerThanAnyHeader() {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      values.add(i + "x".repeat(10_000));
    }
    TableEncoding table =
        new TableEncoding(
            List.of(new TableEncoding.Feature("text", null, new CategoryEncoding(values), true)),
            List.of("text"),
            List.of(1));
    Checkpoint small = checkpoint(2, 40);
    byte[] bytes = FileBytes.of(new Checkpoint(Map.of(), table, small.state()));
    FeatureEncoding read = FileBytes.checkpoint(bytes, "the test").encoding();
    assertThat(((TableEncoding) read).encoded().get(0).category().values()).isEqualTo(values);
  }

  @Test
  void dictionariesOfFormatFourAreReadFromTheHeader() throws IOException {
    TableEncoding table =
        new TableEncoding(
            List.of(
                new TableEncoding.Feature(
                    "text", null, new CategoryEncoding(List.of("a", "b")), true)),
            List.of("text"),
            List.of(1));
    byte[] header = FileBytes.of(Map.of(), Map.of("table", EncodingFile.json(table).toString()));
    TableEncoding read;
    try (Safetensors file = new Safetensors(FileBytes.of(header), "the test")) {
      read = (TableEncoding) EncodingFile.read(file);
    }
    assertThat(read.encoded().get(0).category().values()).containsExactly("a", "b");

    String now = "\\\"format\\\":\\\"5\\\"";
    String bytes = new String(FileBytes.of(checkpoint(2, 40)), StandardCharsets.ISO_8859_1);
    assertThat(bytes).contains(now);
    byte[] four = bytes.replace(now, now.replace('5', '4')).getBytes(StandardCharsets.ISO_8859_1);
    assertThat(FileBytes.checkpoint(four, "the test").state().step()).isEqualTo(40);
  }

  @Test
  void bytesKeepEveryBit() {
    Checkpoint made = checkpoint(2, 40);
    Checkpoint read = FileBytes.checkpoint(FileBytes.of(made), "the test");
    assertThat(FileBytes.of(read)).isEqualTo(FileBytes.of(made));
    assertThat(read.state().lossSum()).isEqualTo(0.1 + 0.2);
    assertThat(read.state().best().score()).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(read.state().reports()).isEqualTo(made.state().reports());
    assertThat(read.state().weights().toArray()).isEqualTo(made.state().weights().toArray());
    assertThat(((Standardization) read.encoding()).scales()).containsExactly(3);
  }

  @Test
  void theNewestOfThoseThatAreKeptIsFound() throws IOException {
    CheckpointFolder run = run("a");
    assertThat(run.newest(Set.of())).isNull();
    run.write(checkpoint(1, 90), 2, () -> false);
    run.write(checkpoint(2, 10), 2, () -> false);
    run.write(checkpoint(2, 9), 2, () -> false);
    assertThat(files("a")).hasSize(2);
    run.write(checkpoint(2, 100), 2, () -> false);
    assertThat(files("a")).hasSize(2);
    assertThat(step(run.newest(Set.of()))).isEqualTo(100);
    run.delete();
    assertThat(folder.resolve("a")).doesNotExist();
  }

  @Test
  void aDamagedOneIsPassedOver() throws IOException {
    CheckpointFolder run = run("a");
    run.write(checkpoint(1, 1), 5, () -> false);
    run.write(checkpoint(1, 2), 5, () -> false);
    run.write(checkpoint(1, 3), 5, () -> false);
    List<Path> files = files("a");
    byte[] flipped = Files.readAllBytes(files.get(2));
    flipped[flipped.length - 1] ^= 1;
    Files.write(files.get(2), flipped);
    byte[] half = Files.readAllBytes(files.get(1));
    Files.write(files.get(1), Arrays.copyOf(half, half.length / 2));
    assertThat(step(run.newest(Set.of()))).isEqualTo(1);
    // Without the file system's own checksums, by those in the names.
    for (Path file : files) {
      Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
    }
    assertThat(step(run.newest(Set.of()))).isEqualTo(1);
    Files.write(files.get(0), new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
    assertThat(run.newest(Set.of())).isNull();
  }

  @Test
  void whatIsNotFinishedIsNoCheckpoint() throws IOException {
    CheckpointFolder run = run("a");
    run.write(checkpoint(1, 1), 5, () -> false);
    Path whole = files("a").get(0);
    Files.copy(whole, whole.resolveSibling("_unfinished-" + whole.getFileName()));
    Files.copy(whole, whole.resolveSibling("checkpoint-000009-000000000009.safetensors"));
    assertThat(step(run.newest(Set.of()))).isEqualTo(1);
  }

  @Test
  void runsAreListedByTheTimeOfTheirLastCheckpoint() throws Exception {
    assertThat(CheckpointFolder.runs(folder + "/nowhere", HADOOP)).isEmpty();
    run("b").write(checkpoint(3, 3), 2, () -> false);
    Files.createDirectories(folder.resolve("c"));
    Thread.sleep(20); // so that modification times differ
    run("a").write(checkpoint(1, 1), 2, () -> false);
    assertThat(CheckpointFolder.runs(folder.toUri().toString(), HADOOP)).containsExactly("a", "b");
  }

  @Test
  void aDamagedOneDoesNotPushOutThoseThatComeAfterIt() throws IOException {
    CheckpointFolder run = run("a");
    run.write(checkpoint(7, 50), 1, () -> false);
    Files.write(files("a").get(0), new byte[] {1});
    run.write(checkpoint(1, 1), 1, () -> false);
    assertThat(step(run.newest(Set.of()))).isEqualTo(1);
    assertThat(files("a")).hasSize(1);
  }

  @Test
  void whatIsWrittenAfterTheEndIsNotKept() throws IOException {
    CheckpointFolder run = run("a");
    run.write(checkpoint(1, 1), 2, () -> true);
    assertThat(files("a")).isEmpty();
    AtomicInteger looks = new AtomicInteger();
    run.write(checkpoint(1, 1), 2, () -> looks.incrementAndGet() > 1);
    assertThat(files("a")).isEmpty();
  }

  @Test
  void whatAProcessCannotReadIsLeftOut() throws IOException {
    CheckpointFolder run = run("a");
    run.write(checkpoint(1, 1), 2, () -> false);
    run.write(checkpoint(1, 2), 2, () -> false);
    CheckpointFolder.Found newest = run.newest(Set.of());
    CheckpointFolder.Found older = run.newest(Set.of(newest));
    assertThat(step(older)).isEqualTo(1);
    assertThat(run.newest(Set.of(newest, older))).isNull();
    Floats weights;
    try (Checkpoint open = CheckpointFolder.open(newest.file(), HADOOP)) {
      weights = open.state().weights();
    }
    assertThatThrownBy(weights::toArray)
        .hasMessageStartingWith("Checkpoint " + newest.file() + " cannot be read: ")
        .satisfies(e -> assertThat(newest.isUnreadable("Rank 1: " + e.getMessage())).isTrue());
    Files.delete(files("a").get(1));
    assertThatThrownBy(() -> CheckpointFolder.open(newest.file(), HADOOP))
        .isInstanceOf(IOException.class)
        .satisfies(e -> assertThat(newest.isUnreadable(e.getMessage())).isTrue())
        .satisfies(e -> assertThat(older.isUnreadable(e.getMessage())).isFalse());
  }

  @Test
  void anotherPlanIsRefusedWithTheDifference() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                checkpoint(1, 1)
                    .requirePlan(Map.of("network", "small", "loss", "crossEntropy"), "/c/x"))
        .withMessage(
            "Checkpoint /c/x has another loss: focal, but this fit has crossEntropy; set another checkpointDir, or resume to false.");
  }

  @Test
  void aFileOfSomethingElseIsRefused() {
    byte[] weights = FileBytes.of(Map.of(), Map.of("format", "pt"));
    assertThatThrownBy(() -> FileBytes.checkpoint(weights, "/c/x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("/c/x is damaged or no checkpoint of this library: it says nothing of a run.");
  }

  /** Format 3 had no metric in its reports. */
  @Test
  void reportsOfFormat3AreReadWithoutTheirMetric() throws IOException {
    SafetensorsWriter file =
        new SafetensorsWriter(
            Map.of("checkpoint", "{\"format\":\"3\",\"epoch\":3,\"step\":1,\"steps\":2}"));
    for (String name : List.of("means", "scales", "exact")) {
      file.add(name, new long[] {1}, new double[] {0});
    }
    double[] reports = {
      1, 5, 0.25, 0.01, 1e6, 2.5, 0, 0, 0, 0, 2, 5, 0.125, 0.01, 1e6, 5, 1, 0.5, 0.75, 0.875
    };
    file.add("reports", new long[] {2, 10}, reports);
    file.add("weights", new long[] {1}, Floats.of(1));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(file.write(bytes, () -> false)).isTrue();
    try (Checkpoint read = FileBytes.checkpoint(bytes.toByteArray(), "/c/x")) {
      assertThat(read.state().reports())
          .containsExactly(
              new EpochReport(1, 5, 0.25, null, 0.01, 1e6, 2.5),
              new EpochReport(
                  2, 5, 0.125, new Evaluation(0.5, 0.75, 0.875, Double.NaN), 0.01, 1e6, 5));
    }
  }
}
