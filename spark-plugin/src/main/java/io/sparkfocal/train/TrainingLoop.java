package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.RankStep;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Trains one network on one rank: epochs of steps, validation after each, the best weights at the
 * end.
 *
 * <p>Every rank runs the same steps and takes the same decisions, from sums over all ranks. What is
 * read from the device is confirmed before it is used, and all ranks agree before anybody else is
 * told: with a state to keep, a report, the result, or that the training diverged.
 */
public final class TrainingLoop {

  private static final int STEPS_BETWEEN_READS = 50;

  private final TrainingSettings settings;
  private final FlatParameters parameters;
  private final TensorCollective collective;
  private final TrainingListener listener;
  private final WeightUpdate update;
  private final @Nullable LossScale lossScale;
  private final NetworkInput networkInput;
  private final StepParts parts;
  private final GradientStep gradientStep;
  private final double weightsFrom;
  private final LossKernel weighted;
  private final LossKernel unweighted;
  private final Evaluator evaluator;
  private final SameWeights sameWeights;
  private final NDManager manager;
  private @Nullable AveragedWeights averages;

  /**
   * A run over a network whose parameters have been made flat.
   *
   * @param manager on the device to train on; owns what the loop keeps
   * @param rankStep the one that the network's layers were made with
   * @param classes how many classes the labels have
   * @param timeout how long a rank waits for another in the collective
   * @param kernels what is to run in one launch
   */
  public TrainingLoop(
      Block network,
      FlatParameters parameters,
      LossSpec loss,
      int classes,
      TrainingSettings settings,
      RankStep rankStep,
      TensorCollective collective,
      Duration timeout,
      TrainingListener listener,
      FusedKernels kernels,
      NDManager manager) {
    this.settings = settings;
    this.parameters = parameters;
    this.sameWeights = new SameWeights(network, parameters, rankStep, collective, manager);
    this.collective = collective;
    this.listener = listener;
    this.manager = manager;
    this.weightsFrom = loss.alphaFrom();
    Function<ClassificationLoss, LossKernel> shared =
        l -> l.prepare(manager, DataType.FLOAT32, StepSums.of(l, collective));
    this.lossScale = parameters.half() == null ? null : parameters.half().scale();
    this.weighted = kernels.loss(loss.loss(), shared, classes, lossScale, manager);
    this.unweighted =
        weightsFrom > 0
            ? kernels.loss(loss.unweighted(), shared, classes, lossScale, manager)
            : weighted;
    Reduction reduction = loss.reduction();
    if (manager.getDevice().isGpu()
        && collective.gradientPrecision() != Collective.Precision.FLOAT32) {
      throw new IllegalArgumentException(
          "spark.focal.collective.precision is %s, but gradients of a GPU travel in float32; set it to float32."
              .formatted(collective.gradientPrecision()));
    }
    this.update = kernels.update(parameters, collective, settings, manager);
    boolean sumsWithinSteps =
        rankStep.sumsOverRanks() || StepSums.areMadeBy(loss, collective.world());
    this.parts =
        new StepParts(Math.max(1, settings.stepParts()), sumsWithinSteps, rankStep.fewestRows());
    this.networkInput = new NetworkInput(network, parameters, manager.getDevice());
    this.gradientStep =
        new GradientStep(
            network, parameters, reduction, rankStep, collective, parts, update, manager);
    // Ranks have other numbers of validation batches, so each looks at its own alone.
    LossKernel alone =
        kernels.loss(
            loss.loss(), l -> l.prepare(manager, DataType.FLOAT32), classes, lossScale, manager);
    this.evaluator =
        new Evaluator(
            network,
            parameters,
            alone,
            StepSums.couplesRows(loss.loss()),
            reduction,
            collective,
            manager,
            classes,
            loss.link(),
            settings.validationMetric(),
            AwaitedSum.betweenSigns(timeout));
  }

  /**
   * Trains until the last epoch, or until validation has not improved for the set patience.
   *
   * @param training this rank's training rows; may be empty
   * @param validation this rank's validation rows; may be empty
   * @param size how many rows there are over all ranks
   * @throws DivergedException if the loss or a weight stops being finite
   * @throws io.sparkfocal.collective.CollectiveException if another rank fails
   */
  public TrainingOutcome run(Shard training, Shard validation, RunSize size) {
    return run(training, validation, size, null);
  }

  /**
   * As above, from where an earlier run of the same network and optimizer was, on every rank; null
   * for the beginning.
   *
   * <p>With the same rows on as many ranks, weights get the bits of a run that never stopped.
   * Otherwise the epoch goes on after the same part of its steps, with other rows of it than those
   * that are left. The state is closed when it has been taken over.
   */
  public TrainingOutcome run(
      Shard training, Shard validation, RunSize size, @Nullable LoopState from) {
    return Autograd.unrecorded(() -> train(training, validation, size, from));
  }

  private TrainingOutcome train(
      Shard training, Shard validation, RunSize size, @Nullable LoopState from) {
    long steps = size.stepsPerEpoch(settings.batchSize());
    parts.rowsOfLargestRank(size.largestShard() / steps);
    long mostRows = (size.largestShard() + steps - 1) / steps;
    if (training.nonZerosPerRow().isPresent()) {
      // Shards of the ranks differ in what they tell of their rows.
      parts.ask(mostOverRanks(Math.max(parts.wanted(), networkInput.parts(training, mostRows))));
    }
    RunProgress progress = new RunProgress(settings, steps);
    try {
      return train(training, validation, size, from, progress);
    } finally {
      progress.best().close();
      if (averages != null) {
        averages.close();
      }
    }
  }

  private TrainingOutcome train(
      Shard training,
      Shard validation,
      RunSize size,
      @Nullable LoopState from,
      RunProgress progress) {
    long steps = progress.steps();
    StateSchedule schedule =
        new StateSchedule(
            listener.keepsState(), collective, manager, System::nanoTime, listener::takesState);
    averages =
        settings.averaging() == 0
            ? null
            : new AveragedWeights(parameters, settings.averaging() * steps, manager);
    if (from != null) {
      parameters.set(from.weights());
      update.restore(from.optimizer());
      if (averages != null) {
        averages.restore(from.optimizer(), from.stepsDone());
      }
      if (lossScale != null) {
        lossScale.restore(from.optimizer());
      }
      progress.restore(from);
      from.close();
    }
    parameters.broadcast(collective);
    if (settings.stepParts() == 0) {
      probe(training, steps);
    }
    while (!progress.isOver()) {
      long epochStart = System.nanoTime();
      long stepsLeft = steps - progress.step();
      trainEpoch(training, progress, schedule);
      double epochSeconds = secondsSince(epochStart);
      Evaluation evaluation = null;
      if (size.validationRows() > 0) {
        evaluation = evaluation(validation, progress);
      }
      collective.ruleOutALostRank();
      double rows = (double) size.trainingRows() * Math.max(1, stepsLeft) / steps;
      listener.epochCompleted(
          progress.endEpoch(
              evaluation, learningRate(progress.epoch() * steps - 1, steps), rows / epochSeconds));
    }
    if (averages != null && !progress.best().isKnown()) {
      averages.take();
    }
    collective.agree();
    return progress.outcome(parameters);
  }

  private Evaluation evaluation(Shard validation, RunProgress progress) {
    AtomicReference<@Nullable Evaluation> found = new AtomicReference<>();
    Runnable measure =
        () -> {
          Evaluation evaluation = evaluator.evaluate(validation, listener::beforeStep);
          progress.best().offer(progress.epoch(), evaluation, parameters);
          found.set(evaluation);
        };
    if (averages == null) {
      measure.run();
    } else {
      averages.during(measure);
    }
    return Objects.requireNonNull(found.get());
  }

  /** With the rows of the largest step. */
  private void probe(Shard shard, long steps) {
    int rows = (int) ((shard.rows() + steps - 1) / steps);
    try (NDArray before = parameters.all().duplicate()) {
      try (Batches batches = shard.ordered()) {
        gradientStep.probe(batches, rows, weighted);
      }
      parts.ask(mostOverRanks(parts.wanted()));
      TensorCopy.into(parameters.all(), before);
      parameters.publish();
    }
  }

  private int mostOverRanks(int number) {
    byte[] own = ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    return collective.allGather(own, manager).stream()
        .mapToInt(bytes -> ByteBuffer.wrap(bytes).getInt())
        .max()
        .orElse(number);
  }

  private void trainEpoch(Shard shard, RunProgress progress, StateSchedule schedule) {
    Shuffle shuffle = Shuffle.of(settings.seed(), progress.epoch(), collective.rank());
    long steps = progress.steps();
    try (Batches batches = shard.shuffled(shuffle)) {
      for (long step = 0; step < progress.step(); step++) {
        listener.beforeStep();
        batches.skip(RunSize.rowsOfStep(shard.rows(), step, steps));
      }
      while (progress.step() < steps) {
        listener.beforeStep();
        long number = (progress.epoch() - 1) * steps + progress.step();
        int rows = RunSize.rowsOfStep(shard.rows(), progress.step(), steps);
        gradientStep.run(number, batches, rows, loss(number, steps), learningRate(number, steps));
        if (averages != null) {
          averages.add();
        }
        progress.endStep();
        if (progress.step() < steps) {
          gradientStep.expect(batches, RunSize.rowsOfStep(shard.rows(), progress.step(), steps));
        }
        if (progress.step() % STEPS_BETWEEN_READS == 0 || progress.step() == steps) {
          readLosses(progress);
        }
        if (schedule.isDue()) {
          keepState(progress);
        }
      }
      requireFinite(sumOfWeights(), "sum of the weights", progress);
    }
    sameWeights.require(progress.epoch());
  }

  private void readLosses(RunProgress progress) {
    double[] totals = update.takeTotals();
    float factor = lossScale == null ? LossScale.SMALLEST : lossScale.read();
    collective.confirm();
    requireFinite(totals[0], "training loss", progress);
    progress.add(totals[0], totals[1]);
    if (!(factor >= LossScale.SMALLEST)) {
      throw diverged(
          "gradients in float16 stayed not finite, however small the loss scale,", progress);
    }
  }

  /** On every rank; the copy that one takes is right when all have come that far. */
  private void keepState(RunProgress progress) {
    readLosses(progress);
    requireFinite(sumOfWeights(), "sum of the weights", progress);
    LoopState state = listener.takesState() ? state(progress) : null;
    boolean kept = false;
    try {
      collective.agree();
      if (state != null) {
        kept = true;
        listener.keep(state);
      }
    } finally {
      if (state != null && !kept) {
        state.close();
      }
    }
  }

  private LoopState state(RunProgress progress) {
    TensorFloats weights = TensorFloats.copyOf(parameters.all());
    try {
      OptimizerState optimizer = update.state();
      if (averages != null) {
        optimizer = averages.addTo(optimizer);
      }
      return progress.state(weights, lossScale == null ? optimizer : lossScale.addTo(optimizer));
    } catch (RuntimeException e) {
      // For want of memory; the copy is outside the heap.
      weights.close();
      throw e;
    }
  }

  /** The same on every rank, so that all of them go on or none does. */
  private double sumOfWeights() {
    sameWeights.shareStatistics();
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      double sum = TensorCopy.floats(parameters.all().sum())[0];
      collective.confirm();
      return sum;
    }
  }

  /** Class weights may hold from a later step on (deferred re-weighting). */
  private LossKernel loss(long step, long stepsPerEpoch) {
    return step < weightsFrom * stepsPerEpoch * settings.epochs() ? unweighted : weighted;
  }

  private double learningRate(long step, long stepsPerEpoch) {
    long total = stepsPerEpoch * settings.epochs();
    long warmup = (long) (settings.warmupFraction() * total);
    return settings.learningRate() * settings.schedule().factor(step, warmup, total);
  }

  private void requireFinite(double value, String what, RunProgress progress) {
    if (!Double.isFinite(value)) {
      throw diverged(what + " became " + value, progress);
    }
  }

  /** A rank that was lost leaves numbers like these, and is the cause then: all have to agree. */
  private DivergedException diverged(String what, RunProgress progress) {
    collective.ruleOutALostRank();
    return new DivergedException(
        "The %s in epoch %s, by step %s; lower learningRate (now %s)%s set gradientClipNorm (now %s)%s."
            .formatted(
                what,
                progress.epoch(),
                progress.step(),
                settings.learningRate(),
                lossScale == null ? " or" : ",",
                settings.gradientClipNorm(),
                lossScale == null ? "" : " or set precision to float32"));
  }

  private static double secondsSince(long nanoTime) {
    return Math.max(1, System.nanoTime() - nanoTime) / 1e9;
  }
}
