package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/** Runs kernels on plain Java arrays. */
final class Kernels {

  private Kernels() {}

  /** What a kernel returned, on the host; never compared as a whole. */
  @SuppressWarnings("ArrayRecordComponent")
  record Rows(double[] values, double[][] gradients, double[] weights) {
    double sum() {
      return Arrays.stream(values).sum();
    }
  }

  static Rows run(ClassificationLoss loss, DataType dataType, double[][] logits, long... labels) {
    try (NDManager manager = NDManager.newBaseManager()) {
      LossKernel kernel = loss.prepare(manager, dataType);
      NDArray matrix = matrix(manager, dataType, logits);
      return toHost(kernel.evaluate(matrix, manager.create(labels)));
    }
  }

  static Rows toHost(RowLosses rows) {
    int columns = Math.toIntExact(rows.gradients().getShape().get(1));
    double[] flat = toDoubles(rows.gradients());
    double[][] gradients = new double[flat.length / columns][];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = Arrays.copyOfRange(flat, i * columns, (i + 1) * columns);
    }
    return new Rows(toDoubles(rows.values()), gradients, toDoubles(rows.weights()));
  }

  static double[] toDoubles(NDArray array) {
    if (array.getDataType() == DataType.FLOAT64) {
      return array.toDoubleArray();
    }
    float[] floats = array.toFloatArray();
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  static NDArray matrix(NDManager manager, DataType dataType, double[][] rows) {
    double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    Shape shape = new Shape(rows.length, rows[0].length);
    NDArray doubles = manager.create(flat, shape);
    return doubles.toType(dataType, false);
  }
}
