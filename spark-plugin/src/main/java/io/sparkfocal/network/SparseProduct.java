package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import java.nio.IntBuffer;
import java.util.Arrays;

/**
 * Rows of which only the non-zeros are given, times the weights of a linear layer, and the gradient
 * by these weights; on the host, with one product per non-zero and unit.
 *
 * <p>The non-zeros are taken column by column, so that weights, which lie unit by unit, are read
 * and gradients added in blocks that fit the processor's cache, in the order of memory. Sums are in
 * the order of columns and of rows, whatever the order within a row.
 */
final class SparseProduct {

  /** 128 KiB: a part of the second-level cache. */
  private static final int BLOCK_VALUES = 1 << 15;

  private final int rows;
  private final int[] columns;
  private final int[] starts;
  private final int[] rowOf;
  private final float[] values;

  /**
   * Copies the rows.
   *
   * @param given float32 values of the non-zeros
   * @param rowStarts int32 (b + 1): row i has the values from {@code rowStarts[i]} to before {@code
   *     rowStarts[i + 1]}
   * @param givenColumns int32, column of each value, below {@code width}
   */
  SparseProduct(NDArray given, NDArray rowStarts, NDArray givenColumns, int width) {
    IntBuffer ofRows = rowStarts.toByteBuffer(true).asIntBuffer();
    rows = ofRows.limit() - 1;
    int first = ofRows.get(0);
    int count = ofRows.get(rows) - first;
    int[] columnOf = new int[count];
    float[] inRows = new float[count];
    givenColumns.toByteBuffer(true).asIntBuffer().get(first, columnOf);
    given.toByteBuffer(true).asFloatBuffer().get(first, inRows);

    int[] places = new int[width];
    for (int column : columnOf) {
      places[column]++;
    }
    columns = new int[(int) Arrays.stream(places).filter(n -> n > 0).count()];
    starts = new int[columns.length + 1];
    for (int column = 0, used = 0, at = 0; column < width; column++) {
      int here = places[column];
      if (here > 0) {
        columns[used] = column;
        places[column] = at;
        at += here;
        starts[++used] = at;
      }
    }
    rowOf = new int[count];
    values = new float[count];
    for (int row = 0, i = 0; row < rows; row++) {
      for (int end = ofRows.get(row + 1) - first; i < end; i++) {
        int place = places[columnOf[i]]++;
        rowOf[place] = row;
        values[place] = inRows[i];
      }
    }
  }

  /** Sums of each row and unit, shape (b, units), for weights of shape (units, width). */
  float[] times(HostMatrix weights) {
    int units = weights.rows();
    float[][] sums = new float[rows][units];
    float[][] block = new float[columnsOfBlock(units)][units];
    for (int from = 0; from < columns.length; from += block.length) {
      int to = Math.min(columns.length, from + block.length);
      weights.get(columns, from, to, block);
      for (int c = from; c < to; c++) {
        for (int i = starts[c]; i < starts[c + 1]; i++) {
          addScaled(values[i], block[c - from], sums[rowOf[i]]);
        }
      }
    }
    float[] all = new float[Math.multiplyExact(rows, units)];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(sums[row], 0, all, row * units, units);
    }
    return all;
  }

  /**
   * Adds the gradient by the weights.
   *
   * @param gradient by what {@link #times} gave, shape (b, units)
   * @param gradients shape (units, width)
   */
  void addGradient(float[] gradient, HostMatrix gradients) {
    int units = gradients.rows();
    float[][] ofSums = new float[rows][];
    for (int row = 0; row < rows; row++) {
      ofSums[row] = Arrays.copyOfRange(gradient, row * units, (row + 1) * units);
    }
    float[][] block = new float[columnsOfBlock(units)][units];
    for (int from = 0; from < columns.length; from += block.length) {
      int to = Math.min(columns.length, from + block.length);
      for (int c = from; c < to; c++) {
        Arrays.fill(block[c - from], 0);
        for (int i = starts[c]; i < starts[c + 1]; i++) {
          addScaled(values[i], ofSums[rowOf[i]], block[c - from]);
        }
      }
      gradients.add(columns, from, to, block);
    }
  }

  private int columnsOfBlock(int units) {
    return Math.max(1, Math.min(columns.length, BLOCK_VALUES / units));
  }

  /** Vector instructions, as long as both arrays have the same index. */
  private static void addScaled(float by, float[] from, float[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] += by * from[i];
    }
  }
}
