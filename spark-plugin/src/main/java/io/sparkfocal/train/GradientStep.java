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
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One step of one rank: forward, loss and its gradient in closed form, backward, and the update
 * with what all ranks found. The members of an ensemble, whose logits come one after the other, all
 * learn from the same rows.
 *
 * <p>The rows may be taken in several parts, whose gradients add up to those of the whole: what a
 * part needs of memory is free before the next. A step that memory does not suffice for is taken
 * again from its beginning, in twice as many parts, and so are those that follow. Ranks that sum
 * within a step can only do so together: in the first steps they look before every sum whether one
 * has to, which costs a message and a wait each; later one that has to ends the run.
 */
final class GradientStep {

  private static final Logger LOG = LoggerFactory.getLogger(GradientStep.class);

  /** Where the number of a part stands beside that of a step. */
  private static final int PART_SHIFT = 44;

  /** Steps that ranks which sum within them may repeat: the ones that show what they need. */
  private static final int STEPS_TO_REPEAT = 10;

  private final Block network;
  private final FlatParameters parameters;
  private final Reduction reduction;
  private final RankStep rankStep;
  private final WeightUpdate update;
  private final NetworkInput networkInput;
  private final ParameterStore store;
  private final StepParts parts;
  private final StepAgreement agreement;
  private final RunningStatistics statistics;
  private int steps;
  private boolean toldOfFewRows;

  /** Steps of one rank, in so many parts at first. */
  GradientStep(
      Block network,
      FlatParameters parameters,
      Reduction reduction,
      RankStep rankStep,
      TensorCollective collective,
      StepParts parts,
      WeightUpdate update,
      NDManager manager) {
    this.network = network;
    this.parameters = parameters;
    this.reduction = reduction;
    this.rankStep = rankStep;
    this.parts = parts;
    this.agreement = new StepAgreement(collective, manager);
    this.statistics = new RunningStatistics(network, parameters, rankStep);
    this.update = update;
    this.networkInput = new NetworkInput(network, parameters, manager.getDevice());
    this.store = new ParameterStore(manager, false);
  }

  /** Trains on this rank's next rows, of which there may be none, in step {@code number}. */
  void run(long number, Batches batches, int rows, LossKernel loss, double learningRate) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      accumulate(number, batches, rows, loss);
      update.apply(learningRate);
    }
  }

  /**
   * Finds out in how many parts that many rows have to be taken. It moves running statistics, which
   * the caller restores.
   */
  void probe(Batches batches, int rows, LossKernel loss) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      accumulate(0, batches, rows, loss);
      update.discard();
    }
  }

  /** As {@link Batches#expect}; where memory does not suffice for it now, the step will ask. */
  void expect(Batches batches, int rows) {
    try {
      batches.expect(rows);
    } catch (EngineException e) {
      if (!OutOfMemory.isCause(e)) {
        throw e;
      }
      OutOfMemory.freeCache();
    }
  }

  private void accumulate(long number, Batches batches, int rows, LossKernel loss) {
    boolean together = parts.areShared() && steps < STEPS_TO_REPEAT;
    AtomicReference<@Nullable Batch> batch = new AtomicReference<>();
    Runnable step =
        () -> {
          if (batch.get() == null) {
            batch.set(batches.next(rows));
          }
          addGradients(number, Objects.requireNonNull(batch.get()), rows, loss);
        };
    steps = Math.min(STEPS_TO_REPEAT, steps + 1);
    while (true) {
      Runnable restore = statistics.copied(together || parts.of(rows) > 1);
      EngineException failure = null;
      try {
        if (!together) {
          step.run();
          return;
        }
        if (agreement.succeeds(step)) {
          return;
        }
      } catch (EngineException e) {
        if (!OutOfMemory.isCause(e)) {
          throw e;
        }
        failure = e;
      }
      OutOfMemory.freeCache();
      parameters.discardGradients();
      update.discard();
      restore.run();
      if (failure == null) {
        followAnotherRank(rows);
      } else {
        takeSmallerParts(failure, rows, together);
      }
    }
  }

  private void takeSmallerParts(EngineException failure, int rows, boolean together) {
    if (together) {
      agreement.tellFailure();
    }
    boolean isAlone = parts.areShared() && !together;
    int now = parts.of(rows);
    if (isAlone || !parts.cutFurther(rows)) {
      throw tooFewParts(failure, rows, now, isAlone);
    }
    LOG.warn(
        "Memory does not suffice for the rows of a step at once; they are taken in {} parts from now on: {}",
        parts.wanted(),
        OutOfMemory.firstLine(failure));
  }

  /**
   * Rows that cannot be cut find as little memory in another training. Where ranks cannot repeat a
   * step, steps of as many rows have found enough before, and another training may do so again, or
   * cut them in its first steps.
   */
  private static IllegalStateException tooFewParts(
      EngineException failure, int rows, int parts, boolean isAlone) {
    String place =
        "Memory does not suffice for %s rows in %s"
            .formatted(rows, parts == 1 ? "1 part" : parts + " parts");
    String reason = OutOfMemory.firstLine(failure);
    return isAlone
        ? new IllegalStateException(
            "%s, and a step in which the ranks exchange what batch norm or the loss sums is not repeated after the first %s; lower batchSize or raise gradientAccumulationSteps: %s"
                .formatted(place, STEPS_TO_REPEAT, reason),
            failure)
        : new MemoryException(
            "%s, and they cannot be cut further; lower batchSize or train a smaller network: %s"
                .formatted(place, reason),
            failure);
  }

  private void followAnotherRank(int rows) {
    if (!parts.cutFurther(rows)) {
      agreement.awaitSentence();
    }
    LOG.warn(
        "Memory of another rank does not suffice for its rows of a step at once; all ranks take theirs in {} parts from now on.",
        parts.wanted());
  }

  private void addGradients(long number, Batch batch, int rows, LossKernel loss) {
    int count = parts.of(rows);
    if (rows > 0 && rows / count < rankStep.fewestRows() && !parts.areShared() && !toldOfFewRows) {
      toldOfFewRows = true;
      LOG.warn(
          "A step has a single row, so batch norm makes all units equal and keeps its running statistics as they are; raise batchSize.");
    }
    for (int part = 0; part < count; part++) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        rankStep.begin((long) part << PART_SHIFT | number);
        long from = (long) rows * part / count;
        long to = (long) rows * (part + 1) / count;
        addGradients(count == 1 ? batch : batch.rows(from, to), loss);
      }
    }
  }

  private void addGradients(Batch batch, LossKernel loss) {
    NDList input = networkInput.of(batch);
    NDArray logits =
        Autograd.recorded(() -> network.forward(store, input, true).singletonOrThrow());
    long members = logits.getShape().get(0) / Math.max(1, batch.count());
    BatchLoss found =
        members <= 1
            ? loss.evaluate(logits, batch.labels(), batch.weights(), reduction)
            : loss.evaluate(
                logits, tiled(batch.labels(), members), batch.weights().tile(members), reduction);
    rankStep.tape().backward(logits, found.gradients());
    parameters.collectGradients();
    update.count(found.sums());
  }

  /** Along the rows. */
  private static NDArray tiled(NDArray labels, long times) {
    return labels.getShape().dimension() == 1
        ? labels.tile(times)
        : labels.tile(new long[] {times, 1});
  }
}
