package io.sparkfocal.train;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How far a run has come, the same on every rank. */
final class RunProgress {

  private final TrainingSettings settings;
  private final long steps;
  private final BestEpoch best;
  private final List<EpochReport> reports = new ArrayList<>();
  private int epoch = 1;
  private long step;
  private double lossSum;
  private double weightSum;
  private double secondsBefore;
  private final long start = System.nanoTime();

  /** At the beginning of a run of that many steps per epoch. */
  RunProgress(TrainingSettings settings, long steps) {
    this.settings = settings;
    this.steps = steps;
    this.best = new BestEpoch(settings.validationMetric(), settings.patience());
  }

  /** Goes on from there; from the same part of the epoch, if it has another number of steps now. */
  void restore(LoopState from) {
    epoch = from.epoch();
    step = Math.min(steps, from.step() * steps / from.steps());
    lossSum = from.lossSum();
    weightSum = from.weightSum();
    secondsBefore = from.seconds();
    best.restore(from.best());
    reports.addAll(from.reports());
  }

  LoopState state(Floats weights, OptimizerState optimizer) {
    return new LoopState(
        epoch,
        step,
        steps,
        lossSum,
        weightSum,
        weights,
        optimizer,
        best.soFar(),
        List.copyOf(reports),
        seconds());
  }

  /** Whether the last epoch is over, or no better one is expected. */
  boolean isOver() {
    return epoch > settings.epochs() || best.isOverdue(epoch - 1);
  }

  /** The current epoch, from 1. */
  int epoch() {
    return epoch;
  }

  /** Steps of it that are done. */
  long step() {
    return step;
  }

  /** Steps of an epoch. */
  long steps() {
    return steps;
  }

  BestEpoch best() {
    return best;
  }

  void endStep() {
    step++;
  }

  /** Losses and weights of rows of this epoch. */
  void add(double losses, double weights) {
    lossSum += losses;
    weightSum += weights;
  }

  EpochReport endEpoch(@Nullable Evaluation evaluation, double learningRate, double rowsPerSecond) {
    EpochReport report =
        new EpochReport(
            epoch,
            settings.epochs(),
            lossSum / Math.max(weightSum, Float.MIN_NORMAL),
            evaluation,
            learningRate,
            rowsPerSecond,
            seconds());
    reports.add(report);
    epoch++;
    step = 0;
    lossSum = 0;
    weightSum = 0;
    return report;
  }

  private double seconds() {
    return secondsBefore + Math.max(1, System.nanoTime() - start) / 1e9;
  }

  /** What is left at the end; to be closed. */
  TrainingOutcome outcome(FlatParameters parameters) {
    return new TrainingOutcome(
        best.weightsOr(parameters), List.copyOf(reports), best.epochOr(reports.size()));
  }
}
