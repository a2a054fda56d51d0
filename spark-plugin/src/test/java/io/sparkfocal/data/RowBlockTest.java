package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.train.Shuffle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowBlockTest {

  private static double[] row(int number, int width) {
    Random random = new Random(number);
    double[] row = new double[width + 2];
    for (int i = 0; i < width; i++) {
      row[i] = random.nextGaussian();
    }
    row[width] = number % 5;
    row[width + 1] = 1 + number % 3;
    return row;
  }

  private static double[][] rows(int count, int width) {
    double[][] rows = new double[count][];
    Arrays.setAll(rows, i -> row(i, width));
    return rows;
  }

  @Test
  void rowsComeOutAsTheyWentIn() {
    double[][] rows = rows(60_000, 17);
    BuiltRows built = BuiltRows.of(17, rows);
    assertThat(built.blocks().size()).isGreaterThan(1);
    int number = 0;
    float[] values = new float[17];
    for (int b = 0; b < built.blocks().size(); b++) {
      RowBlock block = built.block(b);
      assertThat(block.width()).isEqualTo(17);
      for (int r = 0; r < block.rows(); r++, number++) {
        block.values(r, values);
        for (int i = 0; i < 17; i++) {
          assertThat(values[i]).isEqualTo((float) rows[number][i]);
        }
        assertThat(block.label(r)).isEqualTo(number % 5);
        assertThat(block.weight(r)).isEqualTo(1 + number % 3);
      }
    }
    assertThat(number).isEqualTo(60_000);
  }

  @Test
  void aFullBlockTakesLittleMoreThanItsValuesAndStaysBelowTwoMebibytes() {
    for (int width : new int[] {1, 4, 16, 29, 30, 200, 510}) {
      BuiltRows built = BuiltRows.of(width, rows(4_000_000 / (width + 2), width));
      byte[] first = built.blocks().get(0);
      assertThat(first.length).isLessThanOrEqualTo((2 << 20) - 64).isGreaterThan((2 << 20) - 5000);
      long values = (long) built.block(0).rows() * (width + 2) * Float.BYTES;
      assertThat((double) first.length / values).isLessThan(1.01);
    }
  }

  @Test
  void largeNumbersAreHeldByTwoFloatsAndOthersByOne() {
    double[][] rows = new double[300_000][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] =
          new double[] {1.7e12 + i, i / 3.0, 20_180_101 + i % 31, 2_459_000.5 + i / 1e6, 0, 1};
    }
    BuiltRows built = BuiltRows.of(4, rows);
    int number = 0;
    for (int b = 0; b < built.blocks().size(); b++) {
      RowBlock block = built.block(b);
      assertThat(block.lowColumns()).containsExactly(0, 2, 3);
      assertThat(built.blocks().get(b).length).isLessThanOrEqualTo(BlockBuilder.BYTES);
      float[] values = new float[4];
      for (int r = 0; r < block.rows(); r++, number++) {
        block.values(r, values);
        for (int i = 0; i < 3; i++) {
          int column = block.lowColumns()[i];
          assertThat((double) values[column] + block.low(r, i))
              .isCloseTo(rows[number][column], org.assertj.core.data.Offset.offset(1e-2));
        }
      }
    }
    assertThat(number).isEqualTo(rows.length);
  }

  @Test
  void aRowThatIsLargerThanABlockHasOneOfItsOwn() {
    int width = 600_000;
    BuiltRows built = BuiltRows.of(width, row(0, width), row(1, width), row(2, width));
    assertThat(built.slices()).extracting(BlockSlice::rows).containsExactly(1, 1, 1);
  }

  @Test
  void sparseRowsCostTheirNonZeros() {
    BlockBuilder builder = new NumberBlockBuilder(1 << 18, true, 0);
    Random random = new Random(1);
    int[] indices = new int[50];
    double[] values = new double[50];
    long rows = 0;
    BuiltRows built = new BuiltRows(1 << 18);
    for (; rows < 20_000; rows++) {
      for (int i = 0; i < 50; i++) {
        indices[i] = i * 5000 + random.nextInt(5000);
        values[i] = 1 + random.nextInt(3);
      }
      builder.add(BuiltRows.sparse(1 << 18, indices, values, (int) (rows % 2), 1));
      if (builder.isFull()) {
        built.add(builder.take());
      }
    }
    built.addRest(builder);
    long bytes = built.blocks().stream().mapToLong(b -> b.length).sum();
    assertThat(bytes).isLessThan((long) (rows * 50 * 8 * 1.03));
    int[] back = new int[50];
    RowBlock last = built.block(built.blocks().size() - 1);
    last.indices(last.rows() - 1, back);
    assertThat(back).containsExactly(indices);
  }

  @Test
  void theContentOfRowsIsTheSameInAnyOrderAndChangesWithAnyValue() {
    double[][] rows = rows(1000, 3);
    long content = content(rows);
    double[][] turned = rows.clone();
    java.util.Collections.reverse(Arrays.asList(turned));
    assertThat(content(turned)).isEqualTo(content);
    for (int column = 0; column < 5; column++) {
      double[][] changed = rows(1000, 3);
      changed[500][column] += 1;
      assertThat(content(changed)).isNotEqualTo(content);
    }
  }

  private static long content(double[]... rows) {
    BlockBuilder builder = new NumberBlockBuilder(3, false, 0);
    for (double[] row : rows) {
      builder.add(BuiltRows.dense(Arrays.copyOf(row, 3), (int) row[3], (float) row[4]));
    }
    return builder.take().content();
  }

  @Test
  void anEpochVisitsEveryRowOnceAndTheOrderIsTheSameWhereRowsLieOneAfterTheOther() {
    // More than one window.
    double[][] rows = new double[150_000][];
    Arrays.setAll(
        rows,
        i -> {
          double[] row = new double[152];
          row[0] = i;
          row[151] = 1;
          return row;
        });
    ShardRows shard = BuiltRows.of(150, rows).shard();
    List<Integer> visited = new ArrayList<>();
    ShardRows.Windows windows = shard.shuffled(Shuffle.of(7, 3, 1));
    float[] values = new float[150];
    int windowsSeen = 0;
    for (var window = windows.next(); window != null; window = windows.next()) {
      windowsSeen++;
      for (int i = 0; i < window.order().length; i++) {
        window.block(i).values(window.row(i), values);
        visited.add((int) values[0]);
      }
    }
    assertThat(windowsSeen).isEqualTo(2);
    assertThat(visited).doesNotHaveDuplicates().hasSize(150_000);
    int[] order = shard.order(Shuffle.of(7, 3, 1));
    assertThat(visited).isEqualTo(Arrays.stream(order).boxed().toList());
    assertThat(order).isNotEqualTo(shard.order(Shuffle.of(7, 4, 1)));
  }

  private static long content(ParsedRow... rows) {
    BlockBuilder builder = new NumberBlockBuilder(rows[0].width(), false, 0);
    for (ParsedRow row : rows) {
      builder.add(row);
    }
    return builder.take().content();
  }

  @Test
  void contentTellsWhichRowALargeNumberIsOf() {
    double[] early = {1_700_000_000_001.0};
    double[] late = {1_700_000_000_002.0};
    assertThat((float) early[0]).isEqualTo((float) late[0]);
    long content = content(BuiltRows.dense(early, 0, 1), BuiltRows.dense(late, 1, 1));
    assertThat(content(BuiltRows.dense(late, 1, 1), BuiltRows.dense(early, 0, 1)))
        .isEqualTo(content);
    assertThat(content(BuiltRows.dense(early, 1, 1), BuiltRows.dense(late, 0, 1)))
        .isNotEqualTo(content);
  }

  @Test
  void whatBecomesZeroInFloat32HasNoSign() {
    assertThat(content(BuiltRows.dense(new double[] {-1e-50}, 0, 1)))
        .isEqualTo(content(BuiltRows.dense(new double[] {1e-50}, 0, 1)));
  }

  @Test
  void aFewRowsAreNotNarrowByChance() {
    assertThat(BuiltRows.of(17, rows(1, 17)).block(0).lowColumns()).isEmpty();
    assertThat(BuiltRows.of(300_000, rows(3, 300_000)).block(0).lowColumns()).isEmpty();
  }

  @Test
  void aLargeNumberAfterManySmallOnesKeepsWhatFloat32Lacks() {
    double[][] rows = rows(1000, 2);
    for (int i = 500; i < rows.length; i++) {
      rows[i][1] = 1.7e12 + i;
    }
    RowBlock block = BuiltRows.of(2, rows).block(0);
    assertThat(block.lowColumns()).containsExactly(1);
    float[] values = new float[2];
    for (int row = 0; row < rows.length; row++) {
      block.values(row, values);
      assertThat(values).containsExactly((float) rows[row][0], (float) rows[row][1]);
      if (row >= 500) {
        assertThat((double) values[1] + block.low(row, 0))
            .isCloseTo(rows[row][1], org.assertj.core.data.Offset.offset(1e-2));
      }
    }
    Collections.reverse(Arrays.asList(rows));
    assertThat(BuiltRows.of(2, rows).block(0).hashes().sum()).isEqualTo(block.hashes().sum());
  }

  @Test
  void theFirstWeightMayComeWithTheRowThatFillsABlock() {
    double[][] rows = rows(100_000, 16);
    for (double[] row : rows) {
      row[17] = 1;
    }
    int first = BuiltRows.of(16, rows).block(0).rows();
    rows[first - 1][17] = 2;
    BuiltRows built = BuiltRows.of(16, rows);
    assertThat(built.block(0).rows()).isLessThan(first);
    float[] values = new float[16];
    int number = 0;
    for (int b = 0; b < built.blocks().size(); b++) {
      RowBlock block = built.block(b);
      assertThat(block.hasLow()).isFalse();
      for (int row = 0; row < block.rows(); row++, number++) {
        block.values(row, values);
        assertThat(values[15]).isEqualTo((float) rows[number][15]);
        assertThat(block.weight(row)).isEqualTo((float) rows[number][17]);
      }
    }
    assertThat(number).isEqualTo(rows.length);
  }

  @Test
  void theFirstTextMayComeAfterManyRowsWithoutOne() {
    BlockBuilder builder = new NumberBlockBuilder(2, false, 0);
    for (int i = 0; i < 1000; i++) {
      ParsedRow row = new ParsedRow();
      double[] values = row.values(2);
      values[0] = Double.NaN;
      values[1] = Math.sin(i);
      if (i >= 500) {
        values[0] = 0;
        row.text(0, UTF8String.fromString("text " + i));
      }
      row.endValues(-1);
      row.end(i % 2, 1, false);
      builder.add(row);
    }
    RowBlock block = new RowBlock(builder.take().bytes());
    float[] values = new float[2];
    for (int row = 0; row < 1000; row++) {
      block.values(row, values);
      assertThat(values[1]).isEqualTo((float) Math.sin(row));
      if (row < 500) {
        assertThat(values[0]).isNaN();
      } else {
        assertThat(block.texts().get(0)[(int) values[0]].toString()).isEqualTo("text " + row);
      }
    }
  }

  /** Different texts beside times, which have low parts, and long ones. */
  @ParameterizedTest
  @CsvSource({"60000,36", "400,300000"})
  void blocksOfTextsTakeLittleMoreThanTheirTexts(int count, int length) {
    BuiltRows built = new BuiltRows(2);
    BlockBuilder builder = new NumberBlockBuilder(2, false, 0);
    for (int i = 0; i < count; i++) {
      ParsedRow row = new ParsedRow();
      double[] values = row.values(2);
      values[0] = 0;
      values[1] = 1_600_000_000.25 + i;
      row.text(0, UTF8String.fromString("%d".formatted(i) + "x".repeat(length - 6)));
      row.endValues(-1);
      row.end(i % 2, 1, false);
      builder.add(row);
      if (builder.isFull()) {
        built.add(builder.take());
      }
    }
    built.addRest(builder);
    long bytes = built.blocks().stream().mapToLong(block -> block.length).sum();
    assertThat(bytes).isLessThan((long) (1.05 * count * (length + 24)));
    int number = 0;
    for (int b = 0; b < built.blocks().size(); b++) {
      RowBlock block = built.block(b);
      float[] values = new float[2];
      for (int row = 0; row < block.rows(); row++, number++) {
        block.values(row, values);
        assertThat(block.texts().get(0)[(int) values[0]].toString()).startsWith(number + "x");
      }
    }
    assertThat(number).isEqualTo(count);
  }
}
