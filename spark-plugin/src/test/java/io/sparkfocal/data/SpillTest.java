package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.train.Shuffle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows in a file beside the same rows on the heap. */
@Timeout(120)
class SpillTest {

  private static final int WIDTH = 30;
  private static final int ROWS = 200_000;
  private static final long BUDGET = 5 << 20;

  @TempDir private Path disk;

  private static List<float[]> rows() {
    Random random = new Random(2);
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      float[] row = new float[RowStore.stride(WIDTH)];
      for (int f = 0; f < WIDTH; f++) {
        row[f] = (float) random.nextGaussian();
      }
      row[WIDTH] = i % 3;
      row[WIDTH + 1] = 1;
      rows.add(row);
    }
    return rows;
  }

  private RowSource source(List<float[]> rows, long budget) {
    try (ShardWriter writer = new ShardWriter(WIDTH, budget, this::folder)) {
      rows.forEach(writer::add);
      return writer.finish();
    }
  }

  private Path folder() {
    try {
      return Files.createTempDirectory(disk, "spill");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<float[]> all(RowSource.Windows windows) {
    List<float[]> all = new ArrayList<>();
    try (windows) {
      for (var window = windows.next(); window != null; window = windows.next()) {
        for (int row : window.order()) {
          float[] copy = new float[RowStore.stride(WIDTH)];
          window.store().get(row, copy, 0);
          all.add(copy);
        }
      }
    }
    return all;
  }

  private static void assertSame(List<float[]> one, List<float[]> other) {
    assertThat(one).hasSameSizeAs(other);
    for (int i = 0; i < one.size(); i++) {
      assertThat(Arrays.equals(one.get(i), other.get(i))).isTrue();
    }
  }

  @Test
  void aFileHasTheRowsInTheOrderOfTheHeapHoweverTheyCome() {
    List<float[]> rows = rows();
    RowSource onHeap = source(rows, Long.MAX_VALUE);
    Collections.shuffle(rows, new Random(8));
    RowSource inFile = source(rows, BUDGET);
    assertThat(onHeap.isInMemory()).isTrue();
    assertThat(inFile.isInMemory()).isFalse();
    assertThat(inFile.rows()).isEqualTo(ROWS);
    assertSame(all(inFile.ordered()), all(onHeap.ordered()));
    inFile.close();
  }

  @Test
  void anEpochHasEveryRowOnceInAnOrderOfItsOwn() {
    RowSource inFile = source(rows(), BUDGET);
    List<float[]> first = all(inFile.shuffled(Shuffle.of(1, 1, 0)));
    assertSame(all(inFile.shuffled(Shuffle.of(1, 1, 0))), first);
    List<float[]> second = all(inFile.shuffled(Shuffle.of(1, 2, 0)));
    List<float[]> ordered = all(inFile.ordered());
    assertThat(inSamePlace(first, ordered)).isLessThan(100);
    assertThat(inSamePlace(first, second)).isLessThan(100);
    Collections.sort(first, Arrays::compare);
    Collections.sort(ordered, Arrays::compare);
    assertSame(first, ordered);
  }

  private static long inSamePlace(List<float[]> one, List<float[]> other) {
    long count = 0;
    for (int i = 0; i < one.size(); i++) {
      count += Arrays.equals(one.get(i), other.get(i)) ? 1 : 0;
    }
    return count;
  }

  @Test
  void aWindowTakesNoMoreThanHalfTheBudgetAndNothingStaysOnDisk() throws IOException {
    RowSource inFile = source(rows(), BUDGET);
    try (RowSource.Windows windows = inFile.shuffled(Shuffle.of(1, 1, 0))) {
      var window = windows.next();
      long bytes = (long) window.store().rows() * RowStore.stride(WIDTH) * Float.BYTES;
      assertThat(bytes).isBetween(BUDGET / 4, BUDGET / 2);
    }
    try (var left = Files.walk(disk)) {
      assertThat(left).containsExactly(disk);
    }
  }

  @Test
  void rowsOfAFileComeStandardized() {
    RowSource inFile = source(rows(), BUDGET);
    RowSource onHeap = source(rows(), Long.MAX_VALUE);
    double[] means = new double[WIDTH];
    double[] scales = new double[WIDTH];
    Arrays.fill(means, 0.5);
    Arrays.fill(scales, 2);
    inFile.standardize(new Standardization(means, scales));
    onHeap.standardize(new Standardization(means, scales));
    assertSame(all(inFile.ordered()), all(onHeap.ordered()));
  }

  @Test
  void aFullDiskIsSaidInOneSentence() {
    Path missing = disk.resolve("gone");
    try (ShardWriter writer = new ShardWriter(WIDTH, BUDGET, () -> missing)) {
      List<float[]> rows = rows();
      assertThatThrownBy(
              () -> {
                rows.forEach(writer::add);
                writer.finish();
              })
          .hasMessageStartingWith("Rows cannot be spilled to " + missing)
          .hasMessageContaining("raise spark.focal.data.shard-memory");
    } catch (java.io.UncheckedIOException e) {
      assertThat(e).hasMessageContaining("cannot be deleted");
    }
  }
}
