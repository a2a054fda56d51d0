package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Some rows as one array of bytes, which nobody changes once it is made: a header, then the columns
 * in groups by type, little-endian.
 *
 * <p>Labels are int32, weights float32 (left out where all are 1). Features are float32, either
 * dense, row by row, or compressed sparse rows: where each row begins, the indices, the values.
 * What float32 cannot hold of a value follows in a group of its own, see {@link BlockBuilder}.
 */
final class RowBlock {

  static final int SPARSE = 1;
  static final int WEIGHTS = 2;

  /** Rows, width, flags, columns with a low part, values of sparse rows. */
  static final int HEADER_INTS = 5;

  private final int rows;
  private final int width;
  private final boolean sparse;
  private final IntBuffer labels;
  private final FloatBuffer weights;
  private final FloatBuffer values;
  private final FloatBuffer low;
  private final int[] lowColumns;
  private final int[] starts;
  private final IntBuffer indices;

  /** A view of the bytes that {@link BlockBuilder} made. */
  RowBlock(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    rows = buffer.getInt();
    width = buffer.getInt();
    int flags = buffer.getInt();
    lowColumns = new int[buffer.getInt()];
    int stored = buffer.getInt();
    sparse = (flags & SPARSE) != 0;
    labels = take(buffer, rows).asIntBuffer();
    weights = take(buffer, (flags & WEIGHTS) == 0 ? 0 : rows).asFloatBuffer();
    starts = new int[sparse ? rows + 1 : 0];
    take(buffer, starts.length).asIntBuffer().get(starts);
    indices = take(buffer, sparse ? stored : 0).asIntBuffer();
    values = take(buffer, stored).asFloatBuffer();
    take(buffer, lowColumns.length).asIntBuffer().get(lowColumns);
    boolean hasLow = lowColumns.length > 0;
    low = take(buffer, !hasLow ? 0 : sparse ? stored : rows * lowColumns.length).asFloatBuffer();
  }

  private static ByteBuffer take(ByteBuffer buffer, int numbers) {
    ByteBuffer part =
        buffer.slice(buffer.position(), numbers * Integer.BYTES).order(buffer.order());
    buffer.position(buffer.position() + numbers * Integer.BYTES);
    return part;
  }

  int rows() {
    return rows;
  }

  int width() {
    return width;
  }

  boolean isSparse() {
    return sparse;
  }

  int label(int row) {
    return labels.get(row);
  }

  float weight(int row) {
    return weights.capacity() == 0 ? 1 : weights.get(row);
  }

  /** How many values a row has: its non-zeros, or all. */
  int stored(int row) {
    return sparse ? starts[row + 1] - starts[row] : width;
  }

  /** Whether some values have a part that float32 cannot hold. */
  boolean hasLow() {
    return low.capacity() > 0;
  }

  /**
   * Copies the values of a row, as far as float32 holds them.
   *
   * @param to from 0 on, as many as {@link #stored} says
   */
  void values(int row, float[] to) {
    values.get(sparse ? starts[row] : row * width, to, 0, stored(row));
  }

  /** Copies the indices of a sparse row, ascending. */
  void indices(int row, int[] to) {
    indices.get(starts[row], to, 0, stored(row));
  }

  /** What a dense row has beyond float32, for the column {@code lowColumns()[i]}. */
  float low(int row, int i) {
    return low.get(row * lowColumns.length + i);
  }

  /** What the value number {@code i} of a sparse row has beyond float32. */
  float lowOfStored(int row, int i) {
    return low.get(starts[row] + i);
  }

  /** Columns that have a low part, ascending. */
  int[] lowColumns() {
    return lowColumns;
  }
}
