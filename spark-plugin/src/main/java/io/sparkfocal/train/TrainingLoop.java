package io.sparkfocal.train;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.RankStep;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains one network on one rank: epochs of steps, validation after each, the best weights at the
 * end.
 *
 * <p>Every rank runs the same steps and takes the same decisions, from sums over all ranks.
 */
public final class TrainingLoop {

  private static final int STEPS_BETWEEN_READS = 50;

  private final TrainingSettings settings;
  private final FlatParameters parameters;
  private final TensorCollective collective;
  private final TrainingListener listener;
  private final WeightUpdate update;
  private final GradientStep gradientStep;
  private final double weightsFrom;
  private final LossKernel weighted;
  private final LossKernel unweighted;
  private final Evaluator evaluator;

  /**
   * A run over a network whose parameters have been made flat.
   *
   * @param manager on the device to train on; owns what the loop keeps
   * @param rankStep the one that the network's layers were made with
   * @param classes how many classes the labels have
   */
  public TrainingLoop(
      Block network,
      FlatParameters parameters,
      LossSpec loss,
      int classes,
      TrainingSettings settings,
      RankStep rankStep,
      TensorCollective collective,
      TrainingListener listener,
      NDManager manager) {
    this.settings = settings;
    this.parameters = parameters;
    this.collective = collective;
    this.listener = listener;
    DataType dataType = parameters.all().getDataType();
    this.weightsFrom = loss.alphaFrom();
    this.weighted = loss.loss().prepare(manager, dataType, collective::allReduce);
    this.unweighted =
        weightsFrom > 0
            ? loss.unweighted().prepare(manager, dataType, collective::allReduce)
            : weighted;
    Reduction reduction = loss.reduction();
    boolean onGpu = manager.getDevice().isGpu();
    if (onGpu && collective.gradientPrecision() != Collective.Precision.FLOAT32) {
      throw new IllegalArgumentException(
          "spark.focal.collective.precision is %s, but gradients of a GPU travel in float32; set it to float32."
              .formatted(collective.gradientPrecision()));
    }
    this.update =
        onGpu
            ? new DeviceUpdate(parameters, collective, settings, manager)
            : new HostUpdate(parameters, collective, settings);
    this.gradientStep =
        new GradientStep(network, reduction, rankStep, settings.stepParts(), update, manager);
    // Ranks have other numbers of validation batches, so each looks at its own alone.
    LossKernel alone = loss.loss().prepare(manager, dataType);
    this.evaluator =
        new Evaluator(network, alone, reduction, collective, manager, classes, loss.offsets());
  }

  /**
   * Trains until the last epoch, or until validation has not improved for the set patience.
   *
   * @param training this rank's training rows; may be empty
   * @param validation this rank's validation rows; may be empty
   * @param size how many rows there are over all ranks
   * @throws IllegalStateException if the loss or a weight stops being finite
   * @throws io.sparkfocal.collective.CollectiveException if another rank fails
   */
  public TrainingOutcome run(Shard training, Shard validation, RunSize size) {
    return Autograd.unrecorded(() -> train(training, validation, size));
  }

  private TrainingOutcome train(Shard training, Shard validation, RunSize size) {
    parameters.broadcast(collective);
    long steps = size.stepsPerEpoch(settings.batchSize());
    BestEpoch best = new BestEpoch(settings.validationMetric(), settings.patience());
    List<EpochReport> reports = new ArrayList<>();
    long start = System.nanoTime();
    for (int epoch = 1; epoch <= settings.epochs() && !best.isOverdue(epoch - 1); epoch++) {
      long epochStart = System.nanoTime();
      double trainingLoss = trainEpoch(training, epoch, steps);
      double epochSeconds = secondsSince(epochStart);
      Evaluation evaluation = null;
      if (size.validationRows() > 0) {
        evaluation = evaluator.evaluate(validation);
        best.offer(epoch, evaluation, parameters);
      }
      EpochReport report =
          new EpochReport(
              epoch,
              settings.epochs(),
              trainingLoss,
              evaluation,
              learningRate(epoch * steps - 1, steps),
              size.trainingRows() / epochSeconds,
              secondsSince(start));
      reports.add(report);
      listener.epochCompleted(report);
    }
    return new TrainingOutcome(best.weightsOr(parameters), reports, best.epochOr(reports.size()));
  }

  /** Mean loss of the epoch's rows. */
  private double trainEpoch(Shard shard, int epoch, long steps) {
    Shuffle shuffle = Shuffle.of(settings.seed(), epoch, collective.rank());
    try (Batches batches = shard.shuffled(shuffle)) {
      double lossSum = 0;
      double weightSum = 0;
      for (long step = 0; step < steps; step++) {
        listener.beforeStep();
        long number = (epoch - 1) * steps + step;
        int rows = RunSize.rowsOfStep(shard.rows(), step, steps);
        gradientStep.run(number, batches, rows, loss(number, steps), learningRate(number, steps));
        if ((step + 1) % STEPS_BETWEEN_READS == 0 || step + 1 == steps) {
          double[] totals = update.takeTotals();
          requireFinite(totals[0], "training loss", epoch, step);
          lossSum += totals[0];
          weightSum += totals[1];
        }
      }
      requireFinite(sumOfWeights(), "sum of the weights", epoch, steps - 1);
      return lossSum / Math.max(weightSum, Float.MIN_NORMAL);
    }
  }

  private double sumOfWeights() {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return parameters.all().sum().toFloatArray()[0];
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

  private void requireFinite(double value, String what, int epoch, long step) {
    if (!Double.isFinite(value)) {
      throw new IllegalStateException(
          "The %s became %s in epoch %d, by step %d; lower learningRate (now %s) or set gradientClipNorm (now %s)."
              .formatted(
                  what,
                  value,
                  epoch,
                  step + 1,
                  settings.learningRate(),
                  settings.gradientClipNorm()));
    }
  }

  private static double secondsSince(long nanoTime) {
    return Math.max(1, System.nanoTime() - nanoTime) / 1e9;
  }
}
