package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Takes rows from windows, one batch after the other. */
final class RowCursor {

  private static final int STAGED_ROWS = 64;
  private static final int STAGED_BYTES = 256 << 10;

  private final ShardRows.Windows windows;
  private final int width;
  private final Standardization standardization;
  private final float[] zeros;
  private final float[] row;
  private final float[] stored;
  private final int[] indices;
  private final float[] staged;
  private final int stagedRows;
  private ShardRows.@Nullable Window window;
  private int place;

  /**
   * Stands before the first row.
   *
   * @param width features of a row
   * @param standardization of them
   */
  RowCursor(ShardRows.Windows windows, int width, Standardization standardization) {
    this.windows = windows;
    this.width = width;
    this.standardization = standardization;
    this.zeros = new float[width];
    for (int i = 0; i < width; i++) {
      zeros[i] = standardization.ofZero(i);
    }
    this.row = new float[width];
    this.stored = new float[width];
    this.indices = new int[width];
    this.stagedRows =
        Math.max(1, Math.min(STAGED_ROWS, STAGED_BYTES / Float.BYTES / Math.max(1, width)));
    this.staged = new float[stagedRows * width];
  }

  /**
   * Where a batch goes: as many features, labels and weights as it has rows.
   *
   * @param features shape (b, F)
   * @param labels shape (b)
   * @param weights shape (b)
   */
  record Target(FloatBuffer features, LongBuffer labels, FloatBuffer weights) {

    /** Bytes of a row. */
    static long bytes(int width) {
      return Long.BYTES + (1L + width) * Float.BYTES;
    }

    /** In one piece of memory: labels, features, weights. */
    static Target in(ByteBuffer memory, int rows, int width) {
      int features = Math.toIntExact(featuresAt(rows));
      int weights = Math.toIntExact(weightsAt(rows, width));
      int end = Math.toIntExact(rows * bytes(width));
      return new Target(
          slice(memory, features, weights).asFloatBuffer(),
          slice(memory, 0, features).asLongBuffer(),
          slice(memory, weights, end).asFloatBuffer());
    }

    static long featuresAt(int rows) {
      return (long) rows * Long.BYTES;
    }

    static long weightsAt(int rows, int width) {
      return featuresAt(rows) + (long) rows * width * Float.BYTES;
    }

    private static ByteBuffer slice(ByteBuffer memory, int from, int to) {
      return memory.slice(from, to - from).order(memory.order());
    }

    void clear() {
      features.clear();
      labels.clear();
      weights.clear();
    }
  }

  int width() {
    return width;
  }

  /** Writes the next rows to the target, from its beginning. */
  void read(int rows, Target target) {
    target.clear();
    pass(rows, (current, from, count) -> copy(current, from, count, target));
  }

  /** Passes over rows. */
  void skip(long rows) {
    pass(rows, (current, from, count) -> {});
  }

  /** Sees rows of one window. */
  private interface Visitor {

    void visit(ShardRows.Window window, int from, int count);
  }

  private void pass(long rows, Visitor visitor) {
    long missing = rows;
    while (missing > 0) {
      while (window == null || place == window.order().length) {
        // Not two at a time.
        window = null;
        window = Objects.requireNonNull(windows.next(), "no rows are left");
        place = 0;
      }
      int count = (int) Math.min(missing, window.order().length - place);
      visitor.visit(window, place, count);
      place += count;
      missing -= count;
    }
  }

  private void copy(ShardRows.Window from, int first, int count, Target target) {
    int inStage = 0;
    for (int i = first; i < first + count; i++) {
      RowBlock block = from.block(i);
      int at = from.row(i);
      System.arraycopy(standardized(block, at), 0, staged, inStage * width, width);
      target.labels().put(block.label(at));
      target.weights().put(block.weight(at));
      if (++inStage == stagedRows) {
        target.features().put(staged);
        inStage = 0;
      }
    }
    target.features().put(staged, 0, inStage * width);
  }

  private float[] standardized(RowBlock block, int at) {
    if (block.isSparse()) {
      System.arraycopy(zeros, 0, row, 0, width);
      block.values(at, stored);
      block.indices(at, indices);
      for (int i = 0; i < block.stored(at); i++) {
        float low = block.hasLow() ? block.lowOfStored(at, i) : 0;
        row[indices[i]] = standardization.apply(stored[i], low, indices[i]);
      }
      return row;
    }
    block.values(at, row);
    int[] columns = block.lowColumns();
    for (int i = 0; i < columns.length; i++) {
      stored[i] = row[columns[i]];
    }
    standardization.apply(row, width);
    for (int i = 0; i < columns.length; i++) {
      row[columns[i]] = standardization.apply(stored[i], block.low(at, i), columns[i]);
    }
    return row;
  }
}
