package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowStoreTest {

  private static List<float[]> someRows(int count) {
    Random random = new Random(5);
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      // Few values, so that many rows are equal or differ in one place.
      rows.add(
          new float[] {
            random.nextInt(20),
            random.nextInt(20),
            random.nextInt(3),
            random.nextInt(2),
            1 + random.nextInt(2)
          });
    }
    return rows;
  }

  private static RowStore buffer(List<float[]> rows) {
    RowStore buffer = new RowStore(3);
    rows.forEach(buffer::add);
    return buffer;
  }

  private static List<String> contents(RowStore buffer, int[] order) {
    return Arrays.stream(order)
        .mapToObj(
            row ->
                IntStream.range(0, 3).mapToObj(i -> buffer.feature(row, i)).toList()
                    + "/"
                    + buffer.label(row)
                    + "/"
                    + buffer.weight(row))
        .toList();
  }

  @Test
  void theOrderOfTheRowsDependsOnTheirContentAlone() {
    List<float[]> rows = someRows(20_000);
    RowStore one = buffer(rows);
    List<float[]> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(1));
    RowStore other = buffer(shuffled);
    assertThat(contents(other, other.canonicalOrder()))
        .isEqualTo(contents(one, one.canonicalOrder()));
    assertThat(one.canonicalOrder()).hasSize(20_000).doesNotHaveDuplicates();
  }

  @Test
  void itIsNotTheOrderOfTheValues() {
    RowStore buffer = new RowStore(1);
    for (int i = 0; i < 1000; i++) {
      buffer.add(new float[] {i, 0, 1});
    }
    int[] order = buffer.canonicalOrder();
    long ascending = IntStream.range(1, 1000).filter(i -> order[i] > order[i - 1]).count();
    assertThat(ascending).isBetween(400L, 600L);
  }
}
