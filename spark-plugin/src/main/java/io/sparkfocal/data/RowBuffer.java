package io.sparkfocal.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The rows of one rank, as read, on the Java heap; the stage before a {@code Shard}.
 *
 * <p>Rows may arrive in another order in each run (the fetch order of a shuffle varies), so {@link
 * #canonicalOrder} sorts them by their content.
 */
public final class RowBuffer {

  private static final int CAPACITY = 4096;
  private static final int BLOCK_BYTES = 4 << 20;

  private final int width;
  private final int blockRows;
  private final List<float[]> blocks = new ArrayList<>();
  private int[] labels = new int[CAPACITY];
  private float[] weights = new float[CAPACITY];
  private boolean[] validation = new boolean[CAPACITY];
  private int rows;

  /** No rows yet, of {@code width} features each. */
  public RowBuffer(int width) {
    this.width = width;
    this.blockRows = Math.max(1, BLOCK_BYTES / Float.BYTES / width);
  }

  /** Copies a row in. */
  void add(float[] features, int label, float weight, boolean isValidation) {
    if (rows == labels.length) {
      int capacity = Math.addExact(rows, rows);
      labels = Arrays.copyOf(labels, capacity);
      weights = Arrays.copyOf(weights, capacity);
      validation = Arrays.copyOf(validation, capacity);
    }
    if (rows % blockRows == 0) {
      blocks.add(new float[blockRows * width]);
    }
    System.arraycopy(features, 0, blockOf(rows), offsetOf(rows), width);
    labels[rows] = label;
    weights[rows] = weight;
    validation[rows] = isValidation;
    rows++;
  }

  /** How many rows there are. */
  public int rows() {
    return rows;
  }

  /** How many features a row has. */
  public int width() {
    return width;
  }

  /** Row numbers of the training rows, in canonical order. */
  public int[] trainingOrder() {
    return canonicalOrder(row -> !validation[row]);
  }

  /** Row numbers of the validation rows, in canonical order. */
  public int[] validationOrder() {
    return canonicalOrder(row -> validation[row]);
  }

  float feature(int row, int index) {
    return blockOf(row)[offsetOf(row) + index];
  }

  int label(int row) {
    return labels[row];
  }

  float weight(int row) {
    return weights[row];
  }

  private float[] blockOf(int row) {
    return blocks.get(row / blockRows);
  }

  private int offsetOf(int row) {
    return row % blockRows * width;
  }

  /**
   * Sorts by a 64-bit hash of the row's content, ties by the content itself. The upper 33 bits of
   * the hash and the row number share one long, so that the sort is one of primitives; runs of
   * equal upper bits are put in order afterwards.
   */
  private int[] canonicalOrder(IntPredicate wanted) {
    long[] keys =
        IntStream.range(0, rows)
            .filter(wanted)
            .mapToLong(row -> (hash(row) & ~(long) Integer.MAX_VALUE) | row)
            .toArray();
    Arrays.sort(keys);
    int[] order = Arrays.stream(keys).mapToInt(key -> (int) key & Integer.MAX_VALUE).toArray();
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
        Arrays.stream(order, from, to)
            .boxed()
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
    int byLabel = Integer.compare(labels[a], labels[b]);
    int byWeight = byLabel != 0 ? byLabel : Float.compare(weights[a], weights[b]);
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

  /** A multiply-and-rotate hash of the bits of features, label and weight. */
  private long hash(int row) {
    float[] block = blockOf(row);
    int offset = offsetOf(row);
    long hash = 0x243F6A8885A308D3L + labels[row];
    hash = step(hash, Float.floatToIntBits(weights[row]));
    for (int i = 0; i < width; i++) {
      hash = step(hash, Float.floatToIntBits(block[offset + i]));
    }
    hash = (hash ^ (hash >>> 32)) * 0xD6E8FEB86659FD93L;
    return hash ^ (hash >>> 32);
  }

  private static long step(long hash, int bits) {
    return Long.rotateLeft(hash ^ bits, 29) * 0x9E3779B97F4A7C15L;
  }
}
