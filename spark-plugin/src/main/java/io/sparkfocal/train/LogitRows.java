package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.compat.TensorCopy;

/**
 * Logits of some rows on the host, each with its label and weight.
 *
 * @param values row by row; labels are exact below 2^24
 * @param outputs logits of a row
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LogitRows(float[] values, int outputs) {

  /** Label and weight of a row, behind its logits. */
  static final int BESIDE_LOGITS = 2;

  /**
   * Reads them in one copy.
   *
   * @param logits shape (b, outputs)
   */
  static LogitRows of(NDArray logits, Batch batch) {
    NDArray together =
        NDArrays.concat(
            new NDList(
                logits.toType(DataType.FLOAT32, false),
                batch.labels().toType(DataType.FLOAT32, false).reshape(-1, 1),
                batch.weights().reshape(-1, 1)),
            1);
    return new LogitRows(TensorCopy.floats(together), (int) logits.getShape().get(1));
  }

  /** Shows all rows, in their order. */
  void forEach(LogitPasses.Visitor visitor) {
    for (int from = 0; from < values.length; from += outputs + BESIDE_LOGITS) {
      visitor.row(values, from, outputs, (int) values[from + outputs], values[from + outputs + 1]);
    }
  }
}
