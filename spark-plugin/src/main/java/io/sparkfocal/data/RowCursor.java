package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Takes rows from windows, one batch after the other. */
final class RowCursor {

  private static final int STAGED_ROWS = 64;
  private static final int STAGED_BYTES = 256 << 10;

  private final ShardRows.Windows windows;
  private final int width;
  private final int targets;
  private final int inputs;
  private final Standardization standardization;
  private final @Nullable TableRows table;
  private final @Nullable ImageRows images;
  private final Augmentation.@Nullable Images augmented;
  private final float[] zeros;

  /** Features that are not 0 where they were. */
  private final int[] centred;

  private final float[] row;
  private final float[] stored;
  private final int[] indices;
  private final int[] merged;
  private final float[] staged;
  private final int stagedRows;
  private ShardRows.@Nullable Window window;
  private int place;
  private long taken;

  /**
   * Stands before the first row.
   *
   * @param width features of a row
   * @param targets of a row with several labels; 0 where it has a class
   * @param encoding of them
   * @param augmented changes them once they are encoded; null to leave them as they are
   */
  RowCursor(
      ShardRows.Windows windows,
      int width,
      int targets,
      FeatureEncoding encoding,
      Augmentation.@Nullable Images augmented) {
    this.windows = windows;
    this.width = width;
    this.targets = targets;
    this.inputs = encoding.inputs();
    this.table = encoding instanceof TableEncoding ofTable ? new TableRows(ofTable) : null;
    this.images = encoding instanceof ImageEncoding ofImages ? new ImageRows(ofImages) : null;
    this.augmented = augmented;
    this.standardization =
        encoding instanceof Standardization shifted ? shifted : Standardization.none(width);
    this.zeros = new float[width];
    for (int i = 0; i < width; i++) {
      zeros[i] = standardization.ofZero(i);
    }
    this.centred = IntStream.range(0, width).filter(i -> zeros[i] != 0).toArray();
    this.row = new float[width];
    this.stored = new float[width];
    this.indices = new int[width];
    this.merged = new int[width];
    this.stagedRows =
        Math.max(1, Math.min(STAGED_ROWS, STAGED_BYTES / Float.BYTES / Math.max(1, inputs)));
    this.staged = new float[stagedRows * inputs];
  }

  /**
   * Where a batch goes: as many features, labels and weights as it has rows.
   *
   * @param features shape (b, F)
   * @param labels shape (b), int64; or shape (b, targets), float32
   * @param weights shape (b)
   */
  record Target(FloatBuffer features, ByteBuffer labels, FloatBuffer weights) {

    /** Bytes of a row. */
    static long bytes(int width, int targets) {
      return labelBytes(targets) + (1L + width) * Float.BYTES;
    }

    /** Bytes of a row's labels. */
    static long labelBytes(int targets) {
      return targets == 0 ? Long.BYTES : (long) targets * Float.BYTES;
    }

    /** In one piece of memory: labels, features, weights. */
    static Target in(ByteBuffer memory, int rows, int width, int targets) {
      int features = Math.toIntExact(featuresAt(rows, targets));
      int weights = Math.toIntExact(weightsAt(rows, width, targets));
      int end = Math.toIntExact(rows * bytes(width, targets));
      return new Target(
          slice(memory, features, weights).asFloatBuffer(),
          slice(memory, 0, features),
          slice(memory, weights, end).asFloatBuffer());
    }

    static long featuresAt(int rows, int targets) {
      return rows * labelBytes(targets);
    }

    static long weightsAt(int rows, int width, int targets) {
      return featuresAt(rows, targets) + (long) rows * width * Float.BYTES;
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

  /** How many labels a row has that has several; 0 where it has a class. */
  int targets() {
    return targets;
  }

  /** Values of a row in a batch. */
  int inputs() {
    return inputs;
  }

  /** Writes the next rows to the target, from its beginning. */
  void read(int rows, Target target) {
    target.clear();
    pass(rows, (current, from, count) -> copy(current, from, count, target));
  }

  /** Adds the next rows to a batch by their non-zeros. */
  void read(int rows, NonZeroBatch target) {
    pass(
        rows,
        (current, from, count) -> {
          for (int i = from; i < from + count; i++) {
            add(current.block(i), current.row(i), target);
          }
        });
  }

  private void add(RowBlock block, int at, NonZeroBatch target) {
    if (block.isSparse() && centred.length == 0) {
      int count = block.stored(at);
      block.values(at, stored);
      block.indices(at, indices);
      for (int i = 0; i < count; i++) {
        float low = block.hasLow() ? block.lowOfStored(at, i) : 0;
        stored[i] = standardization.apply(stored[i], low, indices[i]);
      }
      target.add(indices, stored, 0, count, block.weight(at));
      putLabels(block, at, target.labels());
      return;
    }
    if (!block.isSparse()) {
      float[] dense = standardized(block, at);
      int count = 0;
      for (int i = 0; i < width; i++) {
        if (dense[i] != 0) {
          indices[count] = i;
          stored[count++] = dense[i];
        }
      }
      target.add(indices, stored, 0, count, block.weight(at));
      putLabels(block, at, target.labels());
      return;
    }
    addCentred(block, at, target);
  }

  /** Of a sparse row: the centred features, and what else is not 0, in the order of features. */
  private void addCentred(RowBlock block, int at, NonZeroBatch target) {
    int ofRow = block.stored(at);
    block.values(at, row);
    block.indices(at, indices);
    int count = 0;
    int next = 0;
    for (int i = 0; i < ofRow; i++) {
      while (next < centred.length && centred[next] < indices[i]) {
        merged[count] = centred[next];
        stored[count++] = zeros[centred[next++]];
      }
      if (next < centred.length && centred[next] == indices[i]) {
        next++;
      }
      float low = block.hasLow() ? block.lowOfStored(at, i) : 0;
      merged[count] = indices[i];
      stored[count++] = standardization.apply(row[i], low, indices[i]);
    }
    while (next < centred.length) {
      merged[count] = centred[next];
      stored[count++] = zeros[centred[next++]];
    }
    target.add(merged, stored, 0, count, block.weight(at));
    putLabels(block, at, target.labels());
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
      taken += count;
      place += count;
      missing -= count;
    }
  }

  private void copy(ShardRows.Window from, int first, int count, Target target) {
    int inStage = 0;
    for (int i = first; i < first + count; i++) {
      RowBlock block = from.block(i);
      int at = from.row(i);
      float[] values = encoded(block, at);
      if (augmented != null) {
        values = augmented.changed(values, taken + i - first);
      }
      System.arraycopy(values, 0, staged, inStage * inputs, inputs);
      putLabels(block, at, target.labels());
      target.weights().put(block.weight(at));
      if (++inStage == stagedRows) {
        target.features().put(staged);
        inStage = 0;
      }
    }
    target.features().put(staged, 0, inStage * inputs);
  }

  /** The class as int64, or several labels as float32. */
  private void putLabels(RowBlock block, int row, ByteBuffer to) {
    if (block.targets() != targets) {
      throw new IllegalStateException(
          "A row has " + block.targets() + " labels where " + targets + " are expected.");
    }
    if (targets == 0) {
      to.putLong(block.label(row));
      return;
    }
    block.targets(row, to.asFloatBuffer());
    to.position(to.position() + block.targets() * Float.BYTES);
  }

  private float[] encoded(RowBlock block, int at) {
    if (images != null) {
      return images.encoded(block, at);
    }
    return table == null ? standardized(block, at) : table.encoded(block, at);
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
