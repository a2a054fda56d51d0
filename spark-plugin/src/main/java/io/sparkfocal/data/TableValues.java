package io.sparkfocal.data;

import java.util.Arrays;

/** The features of a row of a block in float64, all of them. */
final class TableValues {

  private final float[] stored;
  private final int[] indices;
  private final double[] values;

  TableValues(int width) {
    this.stored = new float[width];
    this.indices = new int[width];
    this.values = new double[width];
  }

  /** Texts are their numbers in the block; good until the next call. */
  double[] of(RowBlock block, int row) {
    int count = block.stored(row);
    block.values(row, stored);
    if (block.isSparse()) {
      block.indices(row, indices);
      Arrays.fill(values, 0);
      for (int i = 0; i < count; i++) {
        float low = block.hasLow() ? block.lowOfStored(row, i) : 0;
        values[indices[i]] = (double) stored[i] + low;
      }
      return values;
    }
    for (int i = 0; i < count; i++) {
      values[i] = stored[i];
    }
    int[] columns = block.lowColumns();
    for (int i = 0; i < columns.length; i++) {
      values[columns[i]] += block.low(row, i);
    }
    return values;
  }
}
