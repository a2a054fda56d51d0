package io.sparkfocal.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.NonZeros;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * A batch of rows by their non-zeros, in tensors of the host that are filled again and again, and
 * grow with the non-zeros.
 */
final class NonZeroBatch implements AutoCloseable {

  /** What Java shares with PyTorch is below 2 GiB. */
  private static final int MOST_VALUES = Integer.MAX_VALUE / Float.BYTES;

  private static final int FEWEST_VALUES = 1024;

  private final int rows;
  private final NDManager host;
  private final IntBuffer starts;
  private final LongBuffer labels;
  private final FloatBuffer weights;
  private NonZeros nonZeros;
  private Batch batch;
  private IntBuffer columns;
  private FloatBuffer values;

  /**
   * Of so many rows, before the first.
   *
   * @param host on the host; owns the tensors
   */
  NonZeroBatch(int rows, NDManager host) {
    this.rows = rows;
    this.host = host;
    this.nonZeros =
        new NonZeros(tensor(rows + 1L, DataType.INT32), tensor(FEWEST_VALUES, DataType.INT32));
    this.batch =
        new Batch(
            tensor(FEWEST_VALUES, DataType.FLOAT32),
            tensor(rows, DataType.INT64),
            tensor(rows, DataType.FLOAT32),
            nonZeros);
    this.starts = ints(nonZeros.rowStarts());
    this.labels = batch.labels().toByteBuffer(true).asLongBuffer();
    this.weights = floats(batch.weights());
    this.columns = ints(nonZeros.columns());
    this.values = floats(batch.features());
    begin();
  }

  /** Forgets all rows. */
  void begin() {
    starts.clear().put(0);
    labels.clear();
    weights.clear();
    columns.clear();
    values.clear();
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
  void add(int[] ofRow, float[] given, int from, int to, long label, float weight) {
    reserve(to - from);
    columns.put(ofRow, from, to - from);
    values.put(given, from, to - from);
    starts.put(values.position());
    labels.put(label);
    weights.put(weight);
  }

  /** All its rows; good until the next {@link #begin}. */
  Batch batch() {
    return batch;
  }

  private void reserve(int more) {
    long needed = (long) values.position() + more;
    if (needed <= values.capacity()) {
      return;
    }
    if (needed > MOST_VALUES) {
      throw new IllegalArgumentException(
          "%s rows of a step have more than %s non-zeros, but only so many fit in 2 GiB; lower batchSize, or raise numWorkers."
              .formatted(rows, MOST_VALUES));
    }
    long size = Math.min(MOST_VALUES, needed + needed / 2);
    NDArray widerColumns = tensor(size, DataType.INT32);
    NDArray widerValues = tensor(size, DataType.FLOAT32);
    columns = ints(widerColumns).put(columns.flip());
    values = floats(widerValues).put(values.flip());
    nonZeros.columns().close();
    batch.features().close();
    nonZeros = new NonZeros(nonZeros.rowStarts(), widerColumns);
    batch = new Batch(widerValues, batch.labels(), batch.weights(), nonZeros);
  }

  /** One that outlives the scope of a step. */
  private NDArray tensor(long size, DataType type) {
    NDArray tensor = host.create(new Shape(size), type);
    NDScope.unregister(tensor);
    return tensor;
  }

  private static IntBuffer ints(NDArray tensor) {
    return tensor.toByteBuffer(true).asIntBuffer();
  }

  private static FloatBuffer floats(NDArray tensor) {
    return tensor.toByteBuffer(true).asFloatBuffer();
  }

  @Override
  public void close() {
    batch.close();
  }
}
