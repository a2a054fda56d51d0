package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;

/** Makes the constants of one kernel, in its data type, owned by its manager alone. */
final class Constants {

  private final NDManager manager;
  private final DataType dataType;

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

  /** A vector of the given numbers; one number makes a vector of one, which broadcasts. */
  NDArray vector(float... numbers) {
    NDArray vector;
    if (dataType == DataType.FLOAT32) {
      vector = manager.create(numbers);
    } else {
      double[] doubles = new double[numbers.length];
      for (int i = 0; i < numbers.length; i++) {
        doubles[i] = numbers[i];
      }
      vector = manager.create(doubles);
    }
    // Prepared inside a scope, it would be closed with the scope rather than with the manager.
    NDScope.unregister(vector);
    return vector;
  }
}
