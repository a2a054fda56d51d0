package io.sparkfocal.losses;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.LossContract.ContractViolation;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** A loss with memory to try it in; results are plain Java arrays. */
final class LossTrial implements AutoCloseable {

  private final ClassificationLoss loss;
  private final int classes;
  private final NDManager constants = NDManager.newBaseManager(Device.cpu());
  private final NDManager batches = NDManager.newBaseManager(Device.cpu());

  LossTrial(ClassificationLoss loss, int classes) {
    this.loss = loss;
    this.classes = classes;
  }

  /** What a kernel returned, on the host. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  record Result(double[] values, double[][] gradients, double[] weights) {}

  ClassificationLoss loss() {
    return loss;
  }

  int classes() {
    return classes;
  }

  /** Logits of a row. */
  int columns() {
    return loss.outputs(classes);
  }

  boolean has(LossTrait trait) {
    return loss.traits().contains(trait);
  }

  NDManager constants() {
    return constants;
  }

  NDManager batches() {
    return batches;
  }

  /** A kernel without memory of earlier batches. */
  LossKernel kernel(DataType dataType) {
    return loss.prepare(constants, dataType);
  }

  Result run(DataType dataType, double[][] logits, long[] labels) {
    return run(dataType, logits, labels, null);
  }

  Result run(DataType dataType, double[][] logits, long[] labels, double @Nullable [] weights) {
    try (NDManager manager = batches.newSubManager()) {
      NDArray sampleWeights =
          weights == null ? null : manager.create(weights).toType(dataType, true);
      try (RowLosses rows =
          kernel(dataType)
              .evaluate(array(manager, dataType, logits), manager.create(labels), sampleWeights)) {
        return result(rows, dataType);
      }
    }
  }

  static NDArray array(NDManager manager, DataType dataType, double[][] rows) {
    double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    return manager.create(flat, new Shape(rows.length, rows[0].length)).toType(dataType, true);
  }

  /** Results on the host, of the data type of the logits. */
  static Result result(RowLosses rows, DataType dataType) {
    requireType(dataType, List.of(rows.values(), rows.gradients(), rows.weights()));
    double[] flat = doubles(rows.gradients());
    int count = Math.toIntExact(rows.gradients().getShape().get(0));
    int columns = Math.toIntExact(rows.gradients().getShape().get(1));
    double[][] gradients = new double[count][];
    for (int i = 0; i < count; i++) {
      gradients[i] = Arrays.copyOfRange(flat, i * columns, (i + 1) * columns);
    }
    return new Result(doubles(rows.values()), gradients, doubles(rows.weights()));
  }

  /**
   * Requires that results have the data type of the logits.
   *
   * @param results values, gradients and weights, or sums and gradients
   */
  static void requireType(DataType dataType, List<NDArray> results) {
    for (NDArray result : results) {
      if (result.getDataType() != dataType) {
        throw new ContractViolation(
            "logits of %s give a result of %s and shape %s; it must be %s, as by toType(logits.getDataType(), false)"
                .formatted(dataType, result.getDataType(), result.getShape(), dataType));
      }
    }
  }

  private static double[] doubles(NDArray array) {
    return array.toType(DataType.FLOAT64, true).toDoubleArray();
  }

  /** Labels from 0 on, in turn. */
  long[] labels(int rows) {
    return LongStream.range(0, rows).map(i -> i % classes).toArray();
  }

  /** Seeded normal logits of that spread. */
  double[][] normal(int rows, double spread) {
    Random random = new Random(31L * rows + classes);
    double[][] logits = new double[rows][columns()];
    for (double[] row : logits) {
      for (int j = 0; j < row.length; j++) {
        row[j] = spread * random.nextGaussian();
      }
    }
    return logits;
  }

  @Override
  public void close() {
    batches.close();
    constants.close();
  }
}
