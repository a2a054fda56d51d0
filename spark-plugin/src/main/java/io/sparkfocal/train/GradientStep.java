package io.sparkfocal.train;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.BatchLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.RankStep;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One step of one rank: forward, loss and its gradient in closed form, backward, and the update
 * with what all ranks found.
 *
 * <p>The rows may be taken in several parts, whose gradients add up to those of the whole: what a
 * part needs of memory is free before the next. A step that memory does not suffice for is taken
 * again from its beginning, in twice as many parts, and so are those that follow.
 */
final class GradientStep {

  private static final Logger LOG = LoggerFactory.getLogger(GradientStep.class);

  /** Where the number of a part stands beside that of a step. */
  private static final int PART_SHIFT = 44;

  private final Block network;
  private final FlatParameters parameters;
  private final Reduction reduction;
  private final RankStep rankStep;
  private final TensorCollective collective;
  private final WeightUpdate update;
  private final ParameterStore store;
  private int parts;

  /**
   * Steps of one rank.
   *
   * @param parts in how many parts rows are taken at first, at least 1
   */
  GradientStep(
      Block network,
      FlatParameters parameters,
      Reduction reduction,
      RankStep rankStep,
      TensorCollective collective,
      int parts,
      WeightUpdate update,
      NDManager manager) {
    this.network = network;
    this.parameters = parameters;
    this.reduction = reduction;
    this.rankStep = rankStep;
    this.collective = collective;
    this.parts = parts;
    this.update = update;
    this.store = new ParameterStore(manager, false);
  }

  /** Trains on this rank's next rows, of which there may be none, in step {@code number}. */
  void run(long number, Batches batches, int rows, LossKernel loss, double learningRate) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      accumulate(number, batches.next(rows), rows, loss);
      update.apply(learningRate);
    }
  }

  /**
   * Finds out in how many parts that many rows have to be taken, and changes nothing else but
   * running statistics.
   */
  void probe(Batches batches, int rows, LossKernel loss) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      accumulate(0, batches.next(rows), rows, loss);
      update.discard();
    }
  }

  private void accumulate(long number, Batch batch, int rows, LossKernel loss) {
    long callsBefore = collective.calls();
    while (true) {
      try {
        addGradients(number, batch, rows, loss);
        return;
      } catch (EngineException e) {
        parameters.discardGradients();
        update.discard();
        takeSmallerParts(e, rows, collective.calls() > callsBefore);
      }
    }
  }

  private void takeSmallerParts(EngineException failure, int rows, boolean othersTookPart) {
    if (!OutOfMemory.isCause(failure)) {
      throw failure;
    }
    OutOfMemory.freeCache();
    if (othersTookPart || parts >= rows) {
      throw new IllegalStateException(
          "Memory does not suffice for %d rows in %d parts%s; lower batchSize or raise gradientAccumulationSteps: %s"
              .formatted(
                  rows,
                  parts,
                  othersTookPart
                      ? ", and the ranks have begun to exchange what batch norm or the loss sums"
                      : "",
                  OutOfMemory.firstLine(failure)),
          failure);
    }
    parts = Math.min(rows, 2 * parts);
    LOG.warn(
        "Memory does not suffice for the rows of a step at once; they are taken in {} parts from now on: {}",
        parts,
        OutOfMemory.firstLine(failure));
  }

  private void addGradients(long number, Batch batch, int rows, LossKernel loss) {
    for (int part = 0; part < parts; part++) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        rankStep.begin((long) part << PART_SHIFT | number);
        long from = (long) rows * part / parts;
        long to = (long) rows * (part + 1) / parts;
        addGradients(parts == 1 ? batch : batch.rows(from, to), loss);
      }
    }
  }

  private void addGradients(Batch batch, LossKernel loss) {
    NDArray logits =
        Autograd.recorded(
            () ->
                network
                    .forward(store, new NDList(parameters.input(batch.features())), true)
                    .singletonOrThrow());
    BatchLoss found = loss.evaluate(logits, batch.labels(), batch.weights(), reduction);
    rankStep.tape().backward(logits, found.gradients());
    parameters.collectGradients();
    update.count(found.sums());
  }
}
