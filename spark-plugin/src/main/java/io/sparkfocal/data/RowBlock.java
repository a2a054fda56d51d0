package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Some rows as one array of bytes, which nobody changes once it is made: a header, then the columns
 * in groups by type, little-endian.
 *
 * <p>Labels are int32, or several float32 a row, weights float32 (left out where all are 1).
 * Features are float32, either dense, row by row, or compressed sparse rows: where each row begins,
 * the indices, the values; or bytes, of images. What float32 cannot hold of a value follows in a
 * group of its own, see {@link NumberBlockBuilder}, and then the texts, of which a value is the
 * number within its column and block.
 */
final class RowBlock {

  static final int SPARSE = 1;
  static final int WEIGHTS = 2;
  static final int TEXTS = 4;

  /** Values are bytes, padded to whole numbers of four. */
  static final int PIXELS = 8;

  /** Rows, width, flags, columns with a low part, values, targets of a row. */
  static final int HEADER_INTS = 6;

  /** An odd number of many bits, so that an order of rows shows: the golden ratio times 2^64. */
  private static final long ORDER = 0x9E3779B97F4A7C15L;

  private final byte[] bytes;
  private final int rows;
  private final int width;
  private final boolean sparse;
  private final boolean hasPixels;
  private final int targets;
  private final IntBuffer labels;
  private final FloatBuffer targetValues;
  private final FloatBuffer weights;
  private final FloatBuffer values;
  private final FloatBuffer low;
  private final int[] lowColumns;
  private final int[] starts;
  private final IntBuffer indices;
  private final int indicesAt;
  private final int valuesAt;
  private final int lowAt;
  private final Map<Integer, UTF8String[]> texts;
  private final Map<Integer, long[]> textHashes = new HashMap<>();

  /**
   * Hashes of the rows of a block.
   *
   * @param ordered of all values in their order
   * @param sum of a hash of each row, see {@link #content}, which no order changes
   */
  record Hashes(long ordered, long sum) {}

  /** A view of the bytes that a {@link BlockBuilder} made. */
  RowBlock(byte[] bytes) {
    this.bytes = bytes;
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    rows = buffer.getInt();
    width = buffer.getInt();
    int flags = buffer.getInt();
    lowColumns = new int[buffer.getInt()];
    int stored = buffer.getInt();
    targets = buffer.getInt();
    sparse = (flags & SPARSE) != 0;
    hasPixels = (flags & PIXELS) != 0;
    labels = take(buffer, targets == 0 ? rows : 0).asIntBuffer();
    targetValues = take(buffer, rows * targets).asFloatBuffer();
    weights = take(buffer, (flags & WEIGHTS) == 0 ? 0 : rows).asFloatBuffer();
    starts = new int[sparse ? rows + 1 : 0];
    take(buffer, starts.length).asIntBuffer().get(starts);
    indicesAt = buffer.position();
    indices = take(buffer, sparse ? stored : 0).asIntBuffer();
    valuesAt = buffer.position();
    values = take(buffer, hasPixels ? padded(stored) / Float.BYTES : stored).asFloatBuffer();
    lowAt = buffer.position();
    take(buffer, lowColumns.length).asIntBuffer().get(lowColumns);
    boolean hasLow = lowColumns.length > 0;
    low = take(buffer, !hasLow ? 0 : sparse ? stored : rows * lowColumns.length).asFloatBuffer();
    texts = (flags & TEXTS) == 0 ? Map.of() : TextDictionaries.read(buffer);
    texts.forEach((feature, given) -> textHashes.put(feature, hashes(given)));
  }

  private static long[] hashes(UTF8String... given) {
    return Arrays.stream(given).mapToLong(text -> XXH64.hashUTF8String(text, 0)).toArray();
  }

  private static ByteBuffer take(ByteBuffer buffer, int numbers) {
    ByteBuffer part =
        buffer.slice(buffer.position(), numbers * Integer.BYTES).order(buffer.order());
    buffer.position(buffer.position() + numbers * Integer.BYTES);
    return part;
  }

  Hashes hashes() {
    long ordered = 0;
    long sum = 0;
    for (int row = 0; row < rows; row++) {
      long hash = hash(row);
      ordered = ordered * ORDER + hash;
      sum += content(row, hash);
    }
    return new Hashes(hash(lowAt, bytes.length - lowAt, ordered), sum);
  }

  /**
   * A hash of a row that tells it from others however rows are cut into blocks: of label, weight,
   * values and texts. Of values below 2^24 what float32 lacks does not count, since that is kept
   * where a block needs it.
   */
  long content(int row) {
    return content(row, hash(row));
  }

  private long content(int row, long ofValues) {
    long hash = texts.isEmpty() ? ofValues : withTexts(row);
    if (lowColumns.length > 0) {
      int count = sparse ? stored(row) : lowColumns.length;
      for (int i = 0; i < count; i++) {
        int column = sparse ? indices.get(starts[row] + i) : lowColumns[i];
        float high = values.get(sparse ? starts[row] + i : row * width + column);
        float rest = sparse ? lowOfStored(row, i) : low(row, i);
        if (Math.abs(high) >= NumberBlockBuilder.LARGE && rest != 0) {
          hash = XXH64.hashLong(Double.doubleToRawLongBits((double) high + rest), hash ^ column);
        }
      }
    }
    return hash;
  }

  /** The numbers of texts depend on the block, so they do not count. */
  private long withTexts(int row) {
    long hash = seed(row);
    for (int i = 0; i < width; i++) {
      float value = values.get(row * width + i);
      long[] hashes = textHashes.get(i);
      long bits =
          hashes == null || Float.isNaN(value)
              ? Float.floatToRawIntBits(value)
              : hashes[(int) value];
      hash = XXH64.hashLong(bits, hash);
    }
    return hash;
  }

  /** The texts of each feature that has any, by the number that is its value. */
  Map<Integer, UTF8String[]> texts() {
    return texts;
  }

  private long seed(int row) {
    long seed = Integer.toUnsignedLong(Float.floatToRawIntBits(weight(row)));
    if (targets == 0) {
      return (long) label(row) << 32 ^ seed;
    }
    for (int i = row * targets; i < (row + 1) * targets; i++) {
      seed = XXH64.hashLong(Float.floatToRawIntBits(targetValues.get(i)), seed);
    }
    return seed;
  }

  /** The next multiple of four. */
  static int padded(long bytes) {
    return Math.toIntExact((bytes + 3) & ~3L);
  }

  /** Of label, weight and values in float32 of a row, as they lie here. */
  private long hash(int row) {
    int ofValue = hasPixels ? 1 : Float.BYTES;
    int at = (sparse ? starts[row] : row * width) * ofValue;
    int length = stored(row) * ofValue;
    long hash = hash(valuesAt + at, length, seed(row));
    return sparse ? hash(indicesAt + at, length, hash) : hash;
  }

  private long hash(int at, int length, long seed) {
    return XXH64.hashUnsafeBytes(bytes, (long) Platform.BYTE_ARRAY_OFFSET + at, length, seed);
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

  /** The class of a row that has one. */
  int label(int row) {
    return labels.get(row);
  }

  /** How many targets a row with several labels has; 0 where it has one class. */
  int targets() {
    return targets;
  }

  /** Writes the targets of a row. */
  void targets(int row, FloatBuffer to) {
    to.put(targetValues.slice(row * targets, targets));
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

  /** Copies the bytes of an image. */
  void pixels(int row, byte[] to) {
    System.arraycopy(bytes, valuesAt + row * width, to, 0, width);
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
