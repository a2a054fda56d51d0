package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.ReducedLoss;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.RowLosses;
import io.sparkfocal.network.RankStep;

/**
 * One step of one rank: forward, loss and its gradient in closed form, backward, and the update
 * with what all ranks found.
 *
 * <p>The rows may be taken in several parts, whose gradients add up to those of the whole: what a
 * part needs of memory is free before the next.
 */
final class GradientStep {

  private final Block network;
  private final Reduction reduction;
  private final RankStep rankStep;
  private final int parts;
  private final WeightUpdate update;
  private final ParameterStore store;

  GradientStep(
      Block network,
      Reduction reduction,
      RankStep rankStep,
      int parts,
      WeightUpdate update,
      NDManager manager) {
    this.network = network;
    this.reduction = reduction;
    this.rankStep = rankStep;
    this.parts = parts;
    this.update = update;
    this.store = new ParameterStore(manager, false);
  }

  /** Trains on this rank's next rows, of which there may be none, in step {@code number}. */
  void run(long number, Batches batches, int rows, LossKernel loss, double learningRate) {
    for (int part = 0; part < parts; part++) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        rankStep.begin(number * parts + part);
        int from = (int) ((long) rows * part / parts);
        int to = (int) ((long) rows * (part + 1) / parts);
        addGradients(batches.next(to - from), loss);
      }
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      update.apply(learningRate);
    }
  }

  private void addGradients(Batch batch, LossKernel loss) {
    NDArray logits =
        Autograd.recorded(
            () -> network.forward(store, new NDList(batch.features()), true).singletonOrThrow());
    RowLosses rows = loss.evaluate(logits, batch.labels(), batch.weights());
    ReducedLoss reduced = reduction.reduce(rows, batch.weights());
    rankStep.tape().backward(logits, reduction.sumGradient(rows, batch.weights()));
    update.count(reduced.sum(), reduced.weight());
  }
}
