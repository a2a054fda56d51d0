package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;

/**
 * Collects rows of one form, dense or sparse, until they fill a {@link RowBlock}.
 *
 * <p>A value travels as a float32 and, in columns where that is not enough, what it lacks as a
 * second one: where a value of 2<sup>24</sup> or more is no float32 (times in milliseconds, dates
 * as yyyymmdd, ids), and where all values of a column in a block differ by less than 1/256 of their
 * size.
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
      return BlockSlice.hash(bytes);
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
    int[] lowColumns = lowColumns();
    int count = rows;
    while (count > 1 && bytes(count, stored(count), low(count, lowColumns)) > BYTES) {
      count -= Math.max(1, count / 16);
    }
    Block block = block(count, lowColumns);
    drop(count);
    return block;
  }

  private int stored(int ofRows) {
    return sparse ? starts[ofRows] : ofRows * width;
  }

  /** Numbers that low parts take, with the columns that have them. */
  private long low(int ofRows, int[] lowColumns) {
    return lowColumns.length == 0
        ? 0
        : lowColumns.length + (sparse ? stored(ofRows) : (long) lowColumns.length * ofRows);
  }

  private int column(int place) {
    return sparse ? indices[place] : place % width;
  }

  /** Those in which float32 does not suffice. */
  private int[] lowColumns() {
    double[] least = new double[width];
    double[] most = new double[width];
    int[] given = new int[width];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    Arrays.fill(most, Double.NEGATIVE_INFINITY);
    if (sparse) {
      for (int i = 0; i < stored; i++) {
        int column = indices[i];
        least[column] = Math.min(least[column], values[i]);
        most[column] = Math.max(most[column], values[i]);
        given[column]++;
      }
    } else {
      for (int at = 0; at < stored; at += width) {
        for (int i = 0; i < width; i++) {
          least[i] = Math.min(least[i], values[at + i]);
          most[i] = Math.max(most[i], values[at + i]);
        }
      }
      Arrays.fill(given, rows);
    }
    boolean[] candidates = new boolean[width];
    boolean any = false;
    for (int i = 0; i < width; i++) {
      double largest = given[i] == 0 ? 0 : Math.max(-least[i], most[i]);
      // A sparse row that does not name a column has 0 there, which is far.
      boolean isNarrow = given[i] == rows && most[i] - least[i] < NARROW * largest;
      candidates[i] = largest >= LARGE || isNarrow;
      any |= candidates[i];
    }
    return any ? inexact(candidates) : new int[0];
  }

  private int[] inexact(boolean[] candidates) {
    boolean[] found = new boolean[width];
    for (int i = 0; i < stored; i++) {
      int column = column(i);
      found[column] |= candidates[column] && (float) values[i] != values[i];
    }
    return IntStream.range(0, width).filter(i -> found[i]).toArray();
  }

  private Block block(int count, int[] lowColumns) {
    int ofRows = stored(count);
    byte[] bytes = new byte[Math.toIntExact(bytes(count, ofRows, low(count, lowColumns)))];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int flags = (sparse ? RowBlock.SPARSE : 0) | (isWeighted ? RowBlock.WEIGHTS : 0);
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
    if (lowColumns.length > 0) {
      putLow(buffer, narrow, count, lowColumns);
    }
    long content = content(bytes, count, valuesAt);
    return new Block(bytes, count, lowColumns.length == 0 ? content : content + lowContent(count));
  }

  private void putLow(ByteBuffer buffer, float[] narrow, int count, int[] lowColumns) {
    if (sparse) {
      boolean[] hasLow = new boolean[width];
      for (int column : lowColumns) {
        hasLow[column] = true;
      }
      for (int i = 0; i < narrow.length; i++) {
        buffer.putFloat(hasLow[indices[i]] ? (float) (values[i] - narrow[i]) : 0);
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

  /** Of what float32 lacks of large values, whose low parts are kept however the rows are cut. */
  private long lowContent(int count) {
    long sum = 0;
    for (int row = 0; row < count; row++) {
      for (int i = stored(row); i < stored(row + 1); i++) {
        if (Math.abs(values[i]) >= LARGE && (float) values[i] != values[i]) {
          sum += XXH64.hashLong(Double.doubleToRawLongBits(values[i]), column(i));
        }
      }
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
