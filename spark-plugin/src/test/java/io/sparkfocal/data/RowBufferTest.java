package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowBufferTest {

  private record SomeRow(float[] features, int label, float weight, boolean validation) {}

  private static List<SomeRow> someRows(int count) {
    Random random = new Random(5);
    List<SomeRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      // Few values, so that many rows are equal or differ in one place.
      float[] features = {random.nextInt(20), random.nextInt(20), random.nextInt(3)};
      rows.add(new SomeRow(features, random.nextInt(2), 1 + random.nextInt(2), i % 4 == 0));
    }
    return rows;
  }

  private static RowBuffer buffer(List<SomeRow> rows) {
    RowBuffer buffer = new RowBuffer(3);
    rows.forEach(r -> buffer.add(r.features, r.label, r.weight, r.validation));
    return buffer;
  }

  private static List<String> contents(RowBuffer buffer, int[] order) {
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
    List<SomeRow> rows = someRows(20_000);
    RowBuffer one = buffer(rows);
    List<SomeRow> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(1));
    RowBuffer other = buffer(shuffled);
    assertThat(contents(other, other.trainingOrder()))
        .isEqualTo(contents(one, one.trainingOrder()));
    assertThat(contents(other, other.validationOrder()))
        .isEqualTo(contents(one, one.validationOrder()));
    assertThat(one.validationOrder()).hasSize(5000);
    assertThat(one.trainingOrder()).hasSize(15_000).doesNotHaveDuplicates();
  }

  @Test
  void itIsNotTheOrderOfTheValues() {
    RowBuffer buffer = new RowBuffer(1);
    for (int i = 0; i < 1000; i++) {
      buffer.add(new float[] {i}, 0, 1, false);
    }
    int[] order = buffer.trainingOrder();
    long ascending = IntStream.range(1, 1000).filter(i -> order[i] > order[i - 1]).count();
    assertThat(ascending).isBetween(400L, 600L);
  }
}
