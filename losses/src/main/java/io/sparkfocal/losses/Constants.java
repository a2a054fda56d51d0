package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The constants of one kernel, on one device and in one data type, owned by its manager alone.
 *
 * <p>An operation of an array with a Java number copies that number to the device on every call;
 * with a constant from here nothing is copied after the first.
 */
public final class Constants {

  private final NDManager manager;
  private final DataType dataType;
  private final Map<Float, NDArray> numbers = new ConcurrentHashMap<>();

  Constants(NDManager manager, DataType dataType) {
    if (dataType != DataType.FLOAT32 && dataType != DataType.FLOAT64) {
      throw new IllegalArgumentException(
          "Losses are computed in float32 or float64 but %s was asked for; convert the logits."
              .formatted(dataType));
    }
    this.manager = manager;
    this.dataType = dataType;
  }

  DataType dataType() {
    return dataType;
  }

  /** A number as an array of shape (1), which broadcasts; made at the first call. */
  public NDArray of(float number) {
    return numbers.computeIfAbsent(number, this::vector);
  }

  /** As {@link #of}, with all digits that the data type has. */
  NDArray scalar(double number) {
    NDArray scalar =
        dataType == DataType.FLOAT32
            ? manager.create(new float[] {(float) number})
            : manager.create(new double[] {number});
    NDScope.unregister(scalar);
    return scalar;
  }

  /** A new vector of the given numbers; one number makes a vector of one, which broadcasts. */
  NDArray vector(float... values) {
    NDArray vector;
    if (dataType == DataType.FLOAT32) {
      vector = manager.create(values);
    } else {
      double[] doubles = new double[values.length];
      for (int i = 0; i < values.length; i++) {
        doubles[i] = values[i];
      }
      vector = manager.create(doubles);
    }
    // Prepared inside a scope, it would be closed with the scope rather than with the manager.
    NDScope.unregister(vector);
    return vector;
  }
}
