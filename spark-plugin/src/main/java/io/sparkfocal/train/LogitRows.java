package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.compat.TensorCopy;

/**
 * Logits of some rows on the host, each with its label, or several, and weight.
 *
 * @param values row by row; labels are exact below 2^24
 * @param outputs logits of a row
 * @param labels of a row
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LogitRows(float[] values, int outputs, int labels) {

  /** Values of a row behind its logits: labels and weight. */
  static int beside(int labels) {
    return labels + 1;
  }

  /**
   * Reads them in one copy.
   *
   * @param logits shape (b, outputs)
   */
  static LogitRows of(NDArray logits, Batch batch) {
    NDArray labels = batch.labels();
    int count = labels.getShape().dimension() == 1 ? 1 : (int) labels.getShape().get(1);
    NDArray together =
        NDArrays.concat(
            new NDList(
                logits.toType(DataType.FLOAT32, false),
                labels.toType(DataType.FLOAT32, false).reshape(-1, count),
                batch.weights().reshape(-1, 1)),
            1);
    return new LogitRows(TensorCopy.floats(together), (int) logits.getShape().get(1), count);
  }

  /** Shows all rows, in their order. */
  void forEach(LogitPasses.Visitor visitor) {
    int length = outputs + beside(labels);
    for (int from = 0; from < values.length; from += length) {
      visitor.row(values, from, outputs, (int) values[from + outputs], values[from + length - 1]);
    }
  }
}
