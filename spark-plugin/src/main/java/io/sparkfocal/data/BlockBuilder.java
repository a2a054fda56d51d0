package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;

/**
 * Collects rows of one form, dense or sparse, until they fill a {@link RowBlock}.
 *
 * <p>A value travels as a float32 and, in columns where that is not enough, what it lacks as a
 * second one: where a value of 2<sup>24</sup> or more is no float32 (times in milliseconds, dates
 * as yyyymmdd, ids), and where a column's values differ by less than 1/256 of their size.
 */
final class BlockBuilder {

  /**
   * Of a block; an array of this size fills whole regions of G1, which wastes the rest of the last
   * one that a large array begins.
   */
  static final int BYTES = (2 << 20) - 64;

  /** From here on float32 does not hold every integer. */
  private static final double LARGE = 0x1p24;

  private static final double NARROW = 0x1p-8;
  private static final int FEWEST = 64;

  private final int width;
  private final boolean sparse;
  private int rows;
  private int stored;
  private int[] labels = new int[FEWEST];
  private float[] weights = new float[FEWEST];
  private boolean isWeighted;
  private double[] values;
  private int[] indices = {};
  private int[] starts = {};
  private boolean isLarge;

  BlockBuilder(int width, boolean sparse) {
    this.width = width;
    this.sparse = sparse;
    this.values = new double[sparse ? FEWEST : width];
    if (sparse) {
      indices = new int[FEWEST];
      starts = new int[FEWEST + 1];
    }
  }

  /** A finished block: its bytes, and the sum of a hash of every row. */
  record Block(byte[] bytes, int rows, long content) {

    /** Of all bytes, in their order. */
    long hash() {
      return XXH64.hashUnsafeBytes(bytes, Platform.BYTE_ARRAY_OFFSET, bytes.length, 0);
    }
  }

  int rows() {
    return rows;
  }

  /** Whether the rows fill a block. */
  boolean isFull() {
    return rows > 0 && bytes(rows, stored, 0) + rowBytes() > BYTES;
  }

  /** Of another row: as the mean of those before. */
  private long rowBytes() {
    return (bytes(rows, stored, 0) - bytes(0, 0, 0)) / rows;
  }

  private long bytes(long ofRows, long ofStored, long low) {
    long numbers =
        RowBlock.HEADER_INTS
            + ofRows * (isWeighted ? 2 : 1)
            + (sparse ? ofRows + 1 + 2 * ofStored : ofStored)
            + low;
    return numbers * Float.BYTES;
  }

  /** Adds a dense row of finite values. */
  void add(double[] row, int label, float weight) {
    grow(width);
    System.arraycopy(row, 0, values, stored, width);
    stored += width;
    end(label, weight);
  }

  /** Adds a sparse row of finite values other than 0, with ascending indices. */
  void add(int[] columns, double[] row, int count, int label, float weight) {
    grow(count);
    System.arraycopy(row, 0, values, stored, count);
    System.arraycopy(columns, 0, indices, stored, count);
    for (int i = 0; i < count; i++) {
      isLarge |= Math.abs(row[i]) >= LARGE;
    }
    stored += count;
    end(label, weight);
  }

  private void end(int label, float weight) {
    labels[rows] = label;
    weights[rows] = weight;
    isWeighted |= weight != 1;
    rows++;
    if (sparse) {
      starts[rows] = stored;
    }
  }

  private void grow(int count) {
    if (stored + count > values.length) {
      int length = (int) Math.max(stored + (long) count, Math.min(2L * values.length, most()));
      values = Arrays.copyOf(values, length);
      if (sparse) {
        indices = Arrays.copyOf(indices, length);
      }
    }
    if (rows == labels.length) {
      labels = Arrays.copyOf(labels, 2 * rows);
      weights = Arrays.copyOf(weights, 2 * rows);
      if (sparse) {
        starts = Arrays.copyOf(starts, 2 * rows + 1);
      }
    }
  }

  /** Values that are ever held, but for those of one row. */
  private long most() {
    return BYTES / Float.BYTES + (long) width;
  }

  /** Makes a block of as many rows as it has room for; those that are left begin the next one. */
  Block take() {
    int[] lowColumns = sparse ? new int[0] : lowColumns();
    boolean hasLow = sparse ? isLarge && isInexact() : lowColumns.length > 0;
    int count = rows;
    while (count > 1 && bytes(count, stored(count), low(count, hasLow, lowColumns)) > BYTES) {
      count -= Math.max(1, count / 16);
    }
    Block block = block(count, hasLow, lowColumns);
    drop(count);
    return block;
  }

  private int stored(int ofRows) {
    return sparse ? starts[ofRows] : ofRows * width;
  }

  private long low(int ofRows, boolean hasLow, int[] lowColumns) {
    return !hasLow ? 0 : sparse ? stored(ofRows) : lowColumns.length * (1L + ofRows);
  }

  private boolean isInexact() {
    for (int i = 0; i < stored; i++) {
      if ((float) values[i] != values[i] && Math.abs(values[i]) >= LARGE) {
        return true;
      }
    }
    return false;
  }

  private int[] lowColumns() {
    double[] least = new double[width];
    double[] most = new double[width];
    System.arraycopy(values, 0, least, 0, width);
    System.arraycopy(values, 0, most, 0, width);
    for (int at = width; at < stored; at += width) {
      for (int i = 0; i < width; i++) {
        least[i] = Math.min(least[i], values[at + i]);
        most[i] = Math.max(most[i], values[at + i]);
      }
    }
    int count = 0;
    int[] columns = new int[width];
    for (int i = 0; i < width; i++) {
      double largest = Math.max(-least[i], most[i]);
      double range = most[i] - least[i];
      boolean isCandidate = largest >= LARGE || (range > 0 && range < NARROW * largest);
      if (isCandidate && isInexact(i)) {
        columns[count++] = i;
      }
    }
    return Arrays.copyOf(columns, count);
  }

  private boolean isInexact(int column) {
    for (int at = column; at < stored; at += width) {
      if ((float) values[at] != values[at]) {
        return true;
      }
    }
    return false;
  }

  private Block block(int count, boolean hasLow, int[] lowColumns) {
    int ofRows = stored(count);
    byte[] bytes = new byte[Math.toIntExact(bytes(count, ofRows, low(count, hasLow, lowColumns)))];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int flags =
        (sparse ? RowBlock.SPARSE : 0)
            | (isWeighted ? RowBlock.WEIGHTS : 0)
            | (hasLow ? RowBlock.LOW : 0);
    buffer.putInt(count).putInt(width).putInt(flags).putInt(lowColumns.length).putInt(ofRows);
    put(buffer, labels, count);
    if (isWeighted) {
      put(buffer, weights, count);
    }
    if (sparse) {
      put(buffer, starts, count + 1);
      put(buffer, indices, ofRows);
    }
    int valuesAt = buffer.position();
    float[] narrow = new float[ofRows];
    for (int i = 0; i < ofRows; i++) {
      narrow[i] = (float) values[i];
    }
    put(buffer, narrow, ofRows);
    put(buffer, lowColumns, lowColumns.length);
    if (hasLow) {
      putLow(buffer, narrow, count, lowColumns);
    }
    return new Block(bytes, count, content(bytes, count, valuesAt));
  }

  private void putLow(ByteBuffer buffer, float[] narrow, int count, int[] lowColumns) {
    if (sparse) {
      for (int i = 0; i < narrow.length; i++) {
        boolean isSmall = Math.abs(values[i]) < LARGE;
        buffer.putFloat(isSmall ? 0 : (float) (values[i] - narrow[i]));
      }
      return;
    }
    for (int row = 0; row < count; row++) {
      for (int column : lowColumns) {
        int at = row * width + column;
        buffer.putFloat((float) (values[at] - narrow[at]));
      }
    }
  }

  /** The same for the same rows in any order, of any blocks. */
  private long content(byte[] bytes, int count, int valuesAt) {
    long sum = 0;
    long valuesOffset = Platform.BYTE_ARRAY_OFFSET + (long) valuesAt;
    long indicesOffset = valuesOffset - (long) stored(count) * Integer.BYTES;
    for (int row = 0; row < count; row++) {
      long from = (long) stored(row) * Float.BYTES;
      int length = (stored(row + 1) - stored(row)) * Float.BYTES;
      long seed = ((long) labels[row] << 32) ^ Float.floatToRawIntBits(weights[row]);
      long hash = XXH64.hashUnsafeBytes(bytes, valuesOffset + from, length, seed);
      sum += sparse ? XXH64.hashUnsafeBytes(bytes, indicesOffset + from, length, hash) : hash;
    }
    return sum;
  }

  private static void put(ByteBuffer buffer, int[] from, int count) {
    buffer.asIntBuffer().put(from, 0, count);
    buffer.position(buffer.position() + count * Integer.BYTES);
  }

  private static void put(ByteBuffer buffer, float[] from, int count) {
    FloatBuffer floats = buffer.asFloatBuffer();
    floats.put(from, 0, count);
    buffer.position(buffer.position() + count * Float.BYTES);
  }

  private void drop(int count) {
    int gone = stored(count);
    System.arraycopy(values, gone, values, 0, stored - gone);
    System.arraycopy(labels, count, labels, 0, rows - count);
    System.arraycopy(weights, count, weights, 0, rows - count);
    if (sparse) {
      System.arraycopy(indices, gone, indices, 0, stored - gone);
      for (int row = 0; row <= rows - count; row++) {
        starts[row] = starts[count + row] - gone;
      }
    }
    rows -= count;
    stored -= gone;
    isWeighted = false;
    for (int row = 0; row < rows; row++) {
      isWeighted |= weights[row] != 1;
    }
  }
}
