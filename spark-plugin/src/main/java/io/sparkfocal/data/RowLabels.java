package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Labels and weights of the rows of a block that is being built. */
final class RowLabels {

  private static final int FEWEST = 64;

  private final int targets;
  private int rows;
  private int[] classes = new int[FEWEST];
  private float[] values;
  private float[] weights = new float[FEWEST];
  private boolean isWeighted;

  /**
   * Of no rows yet.
   *
   * @param targets of a row with several labels; 0 where it has one class
   */
  RowLabels(int targets) {
    this.targets = targets;
    this.values = new float[targets];
  }

  void add(ParsedRow row) {
    if (rows == weights.length) {
      classes = Arrays.copyOf(classes, 2 * rows);
      weights = Arrays.copyOf(weights, 2 * rows);
    }
    if ((rows + 1) * targets > values.length) {
      values = Arrays.copyOf(values, 2 * rows * targets);
    }
    classes[rows] = row.label();
    System.arraycopy(row.targets(), 0, values, rows * targets, targets);
    weights[rows] = row.weight();
    isWeighted |= row.weight() != 1;
    rows++;
  }

  /** Of four bytes, for so many rows. */
  long numbers(long ofRows) {
    return ofRows * ((targets == 0 ? 1 : targets) + (isWeighted ? 1 : 0));
  }

  /** Of a {@link RowBlock}. */
  int flags() {
    return isWeighted ? RowBlock.WEIGHTS : 0;
  }

  int targets() {
    return targets;
  }

  /** Writes those of the first rows. */
  void put(ByteBuffer buffer, int count) {
    if (targets == 0) {
      NumberBlockBuilder.put(buffer, classes, count);
    } else {
      NumberBlockBuilder.put(buffer, values, count * targets);
    }
    if (isWeighted) {
      NumberBlockBuilder.put(buffer, weights, count);
    }
  }

  /** Forgets those of the first rows. */
  void drop(int count) {
    int left = rows - count;
    System.arraycopy(classes, count, classes, 0, left);
    System.arraycopy(values, count * targets, values, 0, left * targets);
    System.arraycopy(weights, count, weights, 0, left);
    rows = left;
    isWeighted = false;
    for (int row = 0; row < rows; row++) {
      isWeighted |= weights[row] != 1;
    }
  }
}
