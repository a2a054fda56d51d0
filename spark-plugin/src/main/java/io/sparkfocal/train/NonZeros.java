package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.IntBuffer;

/**
 * Where the values of a {@link Batch} lie that has no zeros, in compressed rows (CSR); all other
 * features are 0. Both tensors, and the values, may be longer than their rows need.
 *
 * @param rowStarts int32 (b + 1) on the host, ascending: row i has the values from {@code
 *     rowStarts[i]} to before {@code rowStarts[i + 1]}; the first need not be 0
 * @param columns int32, the column of each value, on the device of the values; different within a
 *     row
 */
public record NonZeros(NDArray rowStarts, NDArray columns) {

  /** Rows {@code from} to before {@code to} as a view of the starts; the values are the same. */
  NonZeros rows(long from, long to) {
    return new NonZeros(rowStarts.get(new NDIndex().addSliceDim(from, to + 1)), columns);
  }

  /** How many values the rows have. */
  long count() {
    IntBuffer starts = starts();
    return starts.get(starts.limit() - 1) - (long) starts.get(0);
  }

  /** The rows with their zeros, float32 (b, width), on the device of the values. */
  NDArray dense(NDArray values, long width) {
    NDManager manager = values.getManager();
    IntBuffer starts = starts();
    int rows = starts.limit() - 1;
    NDArray dense = manager.zeros(new Shape(rows * width), DataType.FLOAT32);
    long[] rowPlaces = new long[Math.toIntExact(count())];
    if (rowPlaces.length > 0) {
      int first = starts.get(0);
      for (int row = 0, i = 0; row < rows; row++) {
        for (int end = starts.get(row + 1) - first; i < end; i++) {
          rowPlaces[i] = row * width;
        }
      }
      NDIndex given = new NDIndex().addSliceDim(first, (long) first + rowPlaces.length);
      NDArray places =
          columns.get(given).toType(DataType.INT64, false).add(manager.create(rowPlaces));
      dense.set(new NDIndex("{}", places), values.get(given));
    }
    return dense.reshape(rows, width);
  }

  private IntBuffer starts() {
    return rowStarts.toByteBuffer(true).asIntBuffer();
  }

  /** Frees the memory. */
  void close() {
    rowStarts.close();
    columns.close();
  }
}
