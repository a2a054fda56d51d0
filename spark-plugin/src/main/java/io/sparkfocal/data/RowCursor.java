package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Takes rows from windows, one batch after the other. */
final class RowCursor implements AutoCloseable {

  private static final int STAGED_ROWS = 64;
  private static final int STAGED_BYTES = 256 << 10;

  private final RowSource.Windows windows;
  private final int width;
  private final float[] row;
  private final float[] staged;
  private final int stagedRows;
  private RowSource.@Nullable Window window;
  private int place;

  /**
   * Stands before the first row.
   *
   * @param windows closed with the cursor
   * @param width features of a row
   */
  RowCursor(RowSource.Windows windows, int width) {
    this.windows = windows;
    this.width = width;
    this.row = new float[RowStore.stride(width)];
    this.stagedRows =
        Math.max(1, Math.min(STAGED_ROWS, STAGED_BYTES / Float.BYTES / Math.max(1, width)));
    this.staged = new float[stagedRows * width];
    this.window = windows.next();
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

    void visit(RowSource.Window window, int from, int count);
  }

  private void pass(long rows, Visitor visitor) {
    long missing = rows;
    while (missing > 0) {
      if (window != null && place == window.order().length) {
        window = windows.next();
        place = 0;
      }
      RowSource.Window current = Objects.requireNonNull(window, "no rows are left");
      int count = (int) Math.min(missing, current.order().length - place);
      visitor.visit(current, place, count);
      place += count;
      missing -= count;
    }
  }

  private void copy(RowSource.Window from, int first, int count, Target target) {
    int inStage = 0;
    for (int i = first; i < first + count; i++) {
      from.store().get(from.order()[i], row, 0);
      System.arraycopy(row, 0, staged, inStage * width, width);
      target.labels().put((long) row[width]);
      target.weights().put(row[width + 1]);
      if (++inStage == stagedRows) {
        target.features().put(staged);
        inStage = 0;
      }
    }
    target.features().put(staged, 0, inStage * width);
  }

  @Override
  public void close() {
    windows.close();
  }
}
