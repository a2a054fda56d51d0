package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Some rows, on the device that trains.
 *
 * @param features float32 (b, F), or with {@code nonZeros} float32 values in the order of rows
 * @param labels int64 (b), or of rows with several labels float32 (b, labels)
 * @param weights float32 (b), sample weights
 * @param nonZeros where the values lie; null if the features are dense
 */
public record Batch(
    NDArray features, NDArray labels, NDArray weights, @Nullable NonZeros nonZeros) {

  /** Rows with all their features. */
  public Batch(NDArray features, NDArray labels, NDArray weights) {
    this(features, labels, weights, null);
  }

  /**
   * Memory for that many rows, which outlives the step that asks for it; holds anything.
   *
   * @param targets of a row with several labels; 0 where it has a class
   */
  public static Batch allocate(NDManager manager, long rows, int width, int targets) {
    Batch batch =
        all(
            () -> manager.create(new Shape(rows, width), DataType.FLOAT32),
            () ->
                targets == 0
                    ? manager.create(new Shape(rows), DataType.INT64)
                    : manager.create(new Shape(rows, targets), DataType.FLOAT32),
            () -> manager.create(new Shape(rows), DataType.FLOAT32));
    NDScope.unregister(batch.features, batch.labels, batch.weights);
    return batch;
  }

  /** All three or none: who asks again would find less memory each time. */
  static Batch all(
      Supplier<NDArray> features, Supplier<NDArray> labels, Supplier<NDArray> weights) {
    List<NDArray> made = new ArrayList<>();
    try {
      made.add(features.get());
      made.add(labels.get());
      made.add(weights.get());
      return new Batch(made.get(0), made.get(1), made.get(2));
    } catch (RuntimeException e) {
      made.forEach(NDArray::close);
      throw e;
    }
  }

  /** How many rows there are. */
  long count() {
    return weights.size();
  }

  /** Rows {@code from} to before {@code to}, as views. */
  public Batch rows(long from, long to) {
    NDIndex index = new NDIndex().addSliceDim(from, to);
    return nonZeros == null
        ? at(index)
        : new Batch(features, labels.get(index), weights.get(index), nonZeros.rows(from, to));
  }

  /** Dense rows by an index of the first dimension. */
  Batch at(NDIndex index) {
    return all(() -> features.get(index), () -> labels.get(index), () -> weights.get(index));
  }

  /** Whether each tensor's values lie one after the other. */
  boolean isContiguous() {
    return DeviceBuffer.isContiguous(features)
        && DeviceBuffer.isContiguous(labels)
        && DeviceBuffer.isContiguous(weights);
  }

  /** Frees the memory. */
  public void close() {
    features.close();
    labels.close();
    weights.close();
    if (nonZeros != null) {
      nonZeros.close();
    }
  }
}
