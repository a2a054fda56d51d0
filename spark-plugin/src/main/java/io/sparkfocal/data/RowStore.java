package io.sparkfocal.data;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rows on the Java heap, in blocks: the features of a row, then its label and its weight.
 *
 * <p>Rows may arrive in another order in each run (the fetch order of a shuffle varies), so {@link
 * #canonicalOrder} sorts them by their content.
 */
final class RowStore {

  private static final int BLOCK_BYTES = 4 << 20;

  private final int width;
  private final int stride;
  private final int blockRows;
  private final List<float[]> blocks = new ArrayList<>();
  private int rows;

  /** No rows yet, of {@code width} features each. */
  RowStore(int width) {
    this.width = width;
    this.stride = stride(width);
    this.blockRows = Math.max(1, BLOCK_BYTES / Float.BYTES / stride);
  }

  /** Floats of a row with that many features. */
  static int stride(int width) {
    return width + 2;
  }

  /** Copies a row in: features, label, weight. */
  void add(float[] row) {
    if (rows % blockRows == 0) {
      blocks.add(new float[blockRows * stride]);
    }
    System.arraycopy(row, 0, blockOf(rows), offsetOf(rows), stride);
    rows++;
  }

  /** Copies rows {@code from} to before {@code to} of a buffer in. */
  void add(FloatBuffer source, int from, int to) {
    for (int row = from; row < to; ) {
      if (rows % blockRows == 0) {
        blocks.add(new float[blockRows * stride]);
      }
      int count = Math.min(to - row, blockRows - rows % blockRows);
      source.get(row * stride, blockOf(rows), offsetOf(rows), count * stride);
      rows += count;
      row += count;
    }
  }

  int rows() {
    return rows;
  }

  int width() {
    return width;
  }

  /** What the rows take of the heap, but for the room that is left in the last block. */
  long bytes() {
    return (long) rows * stride * Float.BYTES;
  }

  float feature(int row, int index) {
    return blockOf(row)[offsetOf(row) + index];
  }

  int label(int row) {
    return (int) feature(row, width);
  }

  float weight(int row) {
    return feature(row, width + 1);
  }

  /** Copies a row out: features, label, weight. */
  void get(int row, float[] to, int at) {
    System.arraycopy(blockOf(row), offsetOf(row), to, at, stride);
  }

  /** Standardizes all features in place. */
  void standardize(Standardization standardization) {
    for (int row = 0; row < rows; row++) {
      standardization.apply(blockOf(row), offsetOf(row), width);
    }
  }

  private float[] blockOf(int row) {
    return blocks.get(row / blockRows);
  }

  private int offsetOf(int row) {
    return row % blockRows * stride;
  }

  /**
   * Sorts by a 64-bit hash of the row's content, ties by the content itself. The upper 33 bits of
   * the hash and the row number share one long, so that the sort is one of primitives; runs of
   * equal upper bits are put in order afterwards.
   */
  int[] canonicalOrder() {
    long[] keys = new long[rows];
    for (int row = 0; row < rows; row++) {
      keys[row] = (hash(row) & ~(long) Integer.MAX_VALUE) | row;
    }
    keys = RadixSort.byUpperBits(keys);
    int[] order = new int[rows];
    for (int i = 0; i < rows; i++) {
      order[i] = (int) keys[i] & Integer.MAX_VALUE;
    }
    int start = 0;
    for (int i = 1; i <= keys.length; i++) {
      if (i == keys.length || keys[i] >>> 31 != keys[start] >>> 31) {
        if (i - start > 1) {
          sortByContent(order, start, i);
        }
        start = i;
      }
    }
    return order;
  }

  private void sortByContent(int[] order, int from, int to) {
    int[] sorted =
        IntStream.range(from, to)
            .mapToObj(i -> order[i])
            .sorted(this::compareContent)
            .mapToInt(Integer::intValue)
            .toArray();
    System.arraycopy(sorted, 0, order, from, sorted.length);
  }

  private int compareContent(int a, int b) {
    int byHash = Long.compare(hash(a), hash(b));
    if (byHash != 0) {
      return byHash;
    }
    int byLabel = Integer.compare(label(a), label(b));
    int byWeight = byLabel != 0 ? byLabel : Float.compare(weight(a), weight(b));
    return byWeight != 0
        ? byWeight
        : Arrays.compare(
            blockOf(a),
            offsetOf(a),
            offsetOf(a) + width,
            blockOf(b),
            offsetOf(b),
            offsetOf(b) + width);
  }

  private long hash(int row) {
    return hash(blockOf(row), offsetOf(row), width);
  }

  /**
   * A multiply-and-rotate hash of the bits of a row's features, label and weight, in four lanes
   * that the processor can work on at once.
   */
  static long hash(float[] row, int offset, int width) {
    long a = 0x243F6A8885A308D3L + (int) row[offset + width];
    long b = 0x13198A2E03707344L + Float.floatToRawIntBits(row[offset + width + 1]);
    long c = 0xA4093822299F31D0L;
    long d = 0x082EFA98EC4E6C89L;
    int end = offset + width;
    int i = offset;
    for (; i + 3 < end; i += 4) {
      a = step(a, Float.floatToRawIntBits(row[i]));
      b = step(b, Float.floatToRawIntBits(row[i + 1]));
      c = step(c, Float.floatToRawIntBits(row[i + 2]));
      d = step(d, Float.floatToRawIntBits(row[i + 3]));
    }
    for (; i < end; i++) {
      a = step(a, Float.floatToRawIntBits(row[i]));
    }
    long hash = step(step(step(a, b), c), d);
    hash = (hash ^ (hash >>> 32)) * 0xD6E8FEB86659FD93L;
    return hash ^ (hash >>> 32);
  }

  private static long step(long hash, long bits) {
    return Long.rotateLeft(hash ^ bits, 29) * 0x9E3779B97F4A7C15L;
  }
}
