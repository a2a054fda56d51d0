package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.ReducedLoss;
import io.sparkfocal.losses.Reduction;

/** Measures a network on the validation rows of all ranks. */
final class Evaluator {

  private static final long BATCH_ROWS = 8192;

  private final Block network;
  private final LossKernel loss;
  private final Reduction reduction;
  private final TensorCollective collective;
  private final NDManager manager;
  private final int classes;

  Evaluator(
      Block network,
      LossKernel loss,
      Reduction reduction,
      TensorCollective collective,
      NDManager manager,
      int classes) {
    this.network = network;
    this.loss = loss;
    this.reduction = reduction;
    this.collective = collective;
    this.manager = manager;
    this.classes = classes;
  }

  /** The rows of this and all other ranks; every rank gets the same answer. */
  Evaluation evaluate(Shard rows) {
    // Loss sum, weight sum, rows of each class, hits of each class. Sums over this rank's rows are
    // taken in double, so that counts stay exact beyond 2^24.
    double[] counts = new double[2 + 2 * classes];
    ParameterStore store = new ParameterStore(manager, false);
    for (long from = 0; from < rows.rows(); from += BATCH_ROWS) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        count(rows.slice(from, Math.min(rows.rows(), from + BATCH_ROWS)), store, counts);
      }
    }
    double[] all = sumOverRanks(counts);
    double[] classRows = new double[classes];
    double[] classHits = new double[classes];
    System.arraycopy(all, 2, classRows, 0, classes);
    System.arraycopy(all, 2 + classes, classHits, 0, classes);
    return Evaluation.of(all[0] / Math.max(all[1], Float.MIN_NORMAL), classRows, classHits);
  }

  private void count(Shard batch, ParameterStore store, double[] counts) {
    NDArray logits = network.forward(store, new NDList(batch.features()), false).singletonOrThrow();
    ReducedLoss reduced = reduction.reduce(loss.evaluate(logits, batch.labels()), batch.weights());
    counts[0] += reduced.sum().toType(DataType.FLOAT32, false).toFloatArray()[0];
    counts[1] += reduced.weight().toType(DataType.FLOAT32, false).toFloatArray()[0];
    long[] truth = batch.labels().toLongArray();
    long[] guess = predicted(logits).toLongArray();
    for (int i = 0; i < truth.length; i++) {
      int label = (int) truth[i];
      counts[2 + label]++;
      if (guess[i] == label) {
        counts[2 + classes + label]++;
      }
    }
  }

  private static NDArray predicted(NDArray logits) {
    return logits.getShape().get(1) == 1
        ? logits.gt(0).toType(DataType.INT64, false).reshape(-1)
        : logits.argMax(1);
  }

  private double[] sumOverRanks(double[] counts) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      // Each count travels as two floats, 24 bits apiece.
      float[] parts = new float[2 * counts.length];
      for (int i = 0; i < counts.length; i++) {
        parts[2 * i] = (float) counts[i];
        parts[2 * i + 1] = (float) (counts[i] - parts[2 * i]);
      }
      NDArray tensor = manager.create(parts, new Shape(parts.length));
      collective.allReduce(tensor);
      float[] sums = tensor.toFloatArray();
      double[] all = new double[counts.length];
      for (int i = 0; i < all.length; i++) {
        all[i] = (double) sums[2 * i] + sums[2 * i + 1];
      }
      return all;
    }
  }
}
