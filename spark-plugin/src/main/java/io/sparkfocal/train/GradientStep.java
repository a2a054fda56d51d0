package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.ReducedLoss;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.RowLosses;
import io.sparkfocal.network.RankStep;

/**
 * One step of one rank: forward, loss and its gradient in closed form, backward, one all-reduce,
 * one update.
 *
 * <p>The all-reduce carries the sum of the rows' gradients, the sum of their losses and the sum of
 * their weights; the division is by the weight of all ranks, so that the gradient is that of the
 * union of the rows, however they are spread. Nothing is read back to the host.
 */
final class GradientStep {

  private static final float NORM_EPSILON = 1e-6f;

  private final Block network;
  private final FlatParameters parameters;
  private final Reduction reduction;
  private final RankStep rankStep;
  private final TensorCollective collective;
  private final Optimizer.Updater updater;
  private final ParameterStore store;
  private final NDArray smallestWeight;
  private final NDArray one;
  private final NDArray clipNorm;
  private final boolean clips;
  private final NDArray totals;

  GradientStep(
      Block network,
      FlatParameters parameters,
      Reduction reduction,
      RankStep rankStep,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    this.network = network;
    this.parameters = parameters;
    this.reduction = reduction;
    this.rankStep = rankStep;
    this.collective = collective;
    this.updater = settings.optimizer().on(parameters.trained(), manager);
    this.store = new ParameterStore(manager, false);
    this.smallestWeight = manager.create(new float[] {Float.MIN_NORMAL}, new Shape(1));
    this.one = manager.create(new float[] {1}, new Shape(1));
    this.clips = settings.gradientClipNorm() > 0;
    this.clipNorm = manager.create(new float[] {(float) settings.gradientClipNorm()}, new Shape(1));
    this.totals = manager.zeros(new Shape(2), DataType.FLOAT32);
  }

  /** Trains on this rank's rows of step {@code number}, of which there may be none. */
  void run(long number, Shard batch, LossKernel loss, double learningRate) {
    rankStep.begin(number);
    NDArray gradients = localGradients(batch, loss);
    collective.allReduce(gradients);

    long size = parameters.trained().size();
    NDArray sums = gradients.get(size + ":");
    totals.addi(sums);
    NDArray gradient = gradients.get("0:" + size);
    gradient.divi(NDArrays.maximum(sums.get("1:"), smallestWeight));
    if (clips) {
      NDArray norm = gradient.square().sum().sqrt().add(NORM_EPSILON);
      gradient.muli(NDArrays.minimum(clipNorm.div(norm), one));
    }
    updater.update(gradient, learningRate);
  }

  /** Gradient sums, loss sum and weight sum of this rank's rows, shape (m + 2). */
  private NDArray localGradients(Shard batch, LossKernel loss) {
    NDArray logits =
        Autograd.recorded(
            () -> network.forward(store, new NDList(batch.features()), true).singletonOrThrow());
    RowLosses rows = loss.evaluate(logits, batch.labels(), batch.weights());
    ReducedLoss reduced = reduction.reduce(rows, batch.weights());
    rankStep.tape().backward(logits, reduction.sumGradient(rows, batch.weights()));
    return parameters.takeGradients(reduced.sum().reshape(1), reduced.weight().reshape(1));
  }

  /**
   * Loss sum and weight sum of the steps of all ranks since the last call; reads from the device.
   */
  double[] takeTotals() {
    float[] values = totals.toFloatArray();
    try (NDArray before = totals.duplicate()) {
      totals.subi(before);
    }
    return new double[] {values[0], values[1]};
  }
}
