package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import io.sparkfocal.compat.TensorCopy;

/** Mean of -log p of the true class, with sample weights. */
final class LogLoss implements RowMeasure {

  private final TensorLink link;
  private double sum;
  private double weights;

  LogLoss(TensorLink link) {
    this.link = link;
  }

  @Override
  public Runnable read(NDArray logits, Batch rows) {
    float[] values =
        TensorCopy.floats(
            NDArrays.concat(
                new NDList(link.logLikelihoods(logits, rows.labels()), rows.weights())));
    int count = values.length / 2;
    return () -> {
      for (int i = 0; i < count; i++) {
        sum -= (double) values[count + i] * values[i];
        weights += values[count + i];
      }
    };
  }

  @Override
  public double overRanks(RankTotals ranks) {
    double[] all = ranks.sum(new double[] {sum, weights});
    return all[0] / all[1];
  }
}
