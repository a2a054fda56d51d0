package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.calibration.MacroF1;
import io.sparkfocal.compat.TensorCopy;

/** Macro F1 with sample weights, of the class with the largest probability. */
final class WeightedF1 implements RowMeasure {

  private final TensorLink link;
  private final MacroF1 f1;

  WeightedF1(TensorLink link, int classes) {
    this.link = link;
    this.f1 = new MacroF1(classes);
  }

  @Override
  public Runnable read(NDArray logits, Batch rows) {
    // Classes are exact below 2^24.
    float[] values =
        TensorCopy.floats(
            NDArrays.concat(
                new NDList(
                    rows.labels().toType(DataType.FLOAT32, false),
                    link.predicted(logits).toType(DataType.FLOAT32, false),
                    rows.weights())));
    int count = values.length / 3;
    return () -> {
      for (int i = 0; i < count; i++) {
        f1.add((int) values[i], values[2 * count + i], (int) values[count + i]);
      }
    };
  }

  @Override
  public double overRanks(RankTotals ranks) {
    return f1.overRanks(ranks::sum);
  }
}
