package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Makes the tensors that a kernel keeps: an operation with a Java number would copy it from host
 * memory on every call.
 */
final class Constants {

  private final NDManager manager;
  private final DataType dataType;

  Constants(NDManager manager, DataType dataType) {
    if (dataType != DataType.FLOAT32 && dataType != DataType.FLOAT64) {
      throw new IllegalArgumentException(
          "Logits are " + dataType + "; losses are computed in float32 or float64.");
    }
    this.manager = manager;
    this.dataType = dataType;
  }

  /** Shape (n). */
  NDArray vector(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return kept(
        dataType == DataType.FLOAT64
            ? manager.create(values, new Shape(values.length))
            : manager.create(floats, new Shape(values.length)));
  }

  /** 0 to n - 1, int64, shape (n). */
  NDArray range(long n) {
    return kept(manager.arange(0f, (float) n, 1f, DataType.INT64));
  }

  /** A number so low that its exponential is 0 beside any finite logit. */
  NDArray lowest() {
    return vector(dataType == DataType.FLOAT64 ? -1e300 : -1e37);
  }

  /** Outlives the scope of the evaluation that happens to make it. */
  private static NDArray kept(NDArray array) {
    NDScope.unregister(array);
    return array;
  }
}
