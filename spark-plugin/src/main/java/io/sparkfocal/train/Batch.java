package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.DeviceBuffer;

/**
 * Some rows, on the device that trains.
 *
 * @param features float32 (b, F)
 * @param labels int64 (b)
 * @param weights float32 (b), sample weights
 */
public record Batch(NDArray features, NDArray labels, NDArray weights) {

  /** Memory for that many rows, which outlives the step that asks for it; holds anything. */
  public static Batch allocate(NDManager manager, long rows, int width) {
    NDArray features = manager.create(new Shape(rows, width), DataType.FLOAT32);
    NDArray labels = null;
    try {
      labels = manager.create(new Shape(rows), DataType.INT64);
      NDArray weights = manager.create(new Shape(rows), DataType.FLOAT32);
      NDScope.unregister(features, labels, weights);
      return new Batch(features, labels, weights);
    } catch (RuntimeException e) {
      // Who asks again would find less memory each time.
      features.close();
      if (labels != null) {
        labels.close();
      }
      throw e;
    }
  }

  /** Rows {@code from} to before {@code to}, as views. */
  public Batch rows(long from, long to) {
    return at(new NDIndex().addSliceDim(from, to));
  }

  /** Rows by an index of the first dimension. */
  Batch at(NDIndex index) {
    return new Batch(features.get(index), labels.get(index), weights.get(index));
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
  }
}
