package io.sparkfocal.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.NonZeros;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A batch of rows by their non-zeros: collected on the heap, then copied to tensors of the host
 * that are filled again and again, and grow with the non-zeros. Where memory does not suffice for
 * the tensors, the rows stay, and {@link #batch} may be asked once more.
 */
final class NonZeroBatch implements HostBatches.Place, AutoCloseable {

  /** What Java shares with PyTorch is below 2 GiB. */
  private static final int MOST_VALUES = Integer.MAX_VALUE / Float.BYTES;

  private static final int FEWEST_VALUES = 1024;

  private final int rows;
  private final NDManager host;
  private final int[] starts;
  private final int targets;
  private final ByteBuffer labels;
  private final float[] weights;
  private int[] columns = new int[FEWEST_VALUES];
  private float[] values = new float[FEWEST_VALUES];
  private int count;
  private @Nullable Batch tensors;

  /**
   * Of so many rows, before the first.
   *
   * @param targets of a row with several labels; 0 where it has a class
   * @param host on the host; owns the tensors
   */
  NonZeroBatch(int rows, int targets, NDManager host) {
    this.rows = rows;
    this.host = host;
    this.starts = new int[rows + 1];
    this.targets = targets;
    BatchMemory.require(rows, targets);
    this.labels =
        ByteBuffer.allocate(Math.toIntExact(rows * RowCursor.Target.labelBytes(targets)))
            .order(ByteOrder.nativeOrder());
    this.weights = new float[rows];
  }

  @Override
  public void fill(RowCursor from) {
    begin();
    from.read(rows, this);
  }

  /** Forgets all rows. */
  void begin() {
    count = 0;
    labels.clear();
  }

  /** Where the labels of rows go, one after the other. */
  ByteBuffer labels() {
    return labels;
  }

  /**
   * Adds a row.
   *
   * @param ofRow columns, each at most once
   * @param given their values
   * @param from place of the first in both
   * @param to place behind the last
   * @throws IllegalArgumentException if the batch has more values than a buffer of Java
   */
  void add(int[] ofRow, float[] given, int from, int to, float weight) {
    int first = count == 0 ? 0 : starts[count];
    int end = first + to - from;
    reserve((long) first + to - from);
    System.arraycopy(ofRow, from, columns, first, to - from);
    System.arraycopy(given, from, values, first, to - from);
    weights[count] = weight;
    starts[++count] = end;
  }

  private void reserve(long needed) {
    if (needed > MOST_VALUES) {
      throw new IllegalArgumentException(
          "%s rows of a step have more than %s non-zeros, but only so many fit in 2 GiB; lower batchSize, or raise numWorkers."
              .formatted(rows, MOST_VALUES));
    }
    if (needed > values.length) {
      int size = (int) Math.min(MOST_VALUES, needed + needed / 2);
      columns = Arrays.copyOf(columns, size);
      values = Arrays.copyOf(values, size);
    }
  }

  /** All its rows; good until the next call. */
  @Override
  public Batch batch() {
    int used = starts[count];
    Batch batch = tensors;
    if (batch == null || batch.features().size() < values.length) {
      close();
      batch = allocate();
      tensors = batch;
    }
    NonZeros nonZeros = Objects.requireNonNull(batch.nonZeros());
    nonZeros.rowStarts().toByteBuffer(true).asIntBuffer().put(starts, 0, count + 1);
    nonZeros.columns().toByteBuffer(true).asIntBuffer().put(columns, 0, used);
    batch.features().toByteBuffer(true).asFloatBuffer().put(values, 0, used);
    batch.labels().toByteBuffer(true).put(labels.duplicate().clear());
    batch.weights().toByteBuffer(true).asFloatBuffer().put(weights);
    return batch;
  }

  private Batch allocate() {
    NDManager own = host.newSubManager();
    try {
      return new Batch(
          tensor(values.length, DataType.FLOAT32, own),
          targets == 0
              ? tensor(new Shape(rows), DataType.INT64, own)
              : tensor(new Shape(rows, targets), DataType.FLOAT32, own),
          tensor(rows, DataType.FLOAT32, own),
          new NonZeros(
              tensor(rows + 1L, DataType.INT32, own), tensor(values.length, DataType.INT32, own)));
    } catch (RuntimeException e) {
      own.close();
      throw e;
    }
  }

  /** One that outlives the scope of a step. */
  private static NDArray tensor(long size, DataType type, NDManager owner) {
    return tensor(new Shape(size), type, owner);
  }

  private static NDArray tensor(Shape shape, DataType type, NDManager owner) {
    NDArray tensor = owner.create(shape, type);
    NDScope.unregister(tensor);
    return tensor;
  }

  @Override
  public void close() {
    if (tensors != null) {
      tensors.close();
      tensors = null;
    }
  }
}
