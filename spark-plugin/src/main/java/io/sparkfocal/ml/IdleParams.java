package io.sparkfocal.ml;

import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.RunSize;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.param.Param;

/**
 * Params that were set and change nothing in this run, though the model is the one that was asked
 * for: a sentence for each, to be logged as a warning.
 */
final class IdleParams {

  private final FocalLossClassifier params;
  private final AutoSettings auto;
  private final List<String> found = new ArrayList<>();

  private IdleParams(FocalLossClassifier params, AutoSettings auto) {
    this.params = params;
    this.auto = auto;
  }

  /** What is known before the rows are counted. */
  static List<String> of(FocalLossClassifier params) {
    IdleParams idle = new IdleParams(params, AutoSettings.of(params, NetworkChoice.MLP, 1));
    idle.checkpoints();
    idle.layers();
    idle.validation();
    idle.output();
    return idle.found;
  }

  /**
   * What follows from the rows.
   *
   * @param loss with its class weights
   * @param workers how many ranks train
   * @param auto what was set, or chosen for the rows
   */
  static List<String> of(
      FocalLossClassifier params,
      LossSpec loss,
      LabelCounts counts,
      int workers,
      AutoSettings auto) {
    IdleParams idle = new IdleParams(params, auto);
    idle.classWeights(loss, counts);
    idle.steps(counts, workers);
    return idle.found;
  }

  private void checkpoints() {
    if (!params.getCheckpointDir().isEmpty()) {
      return;
    }
    for (Param<?> param :
        List.of(params.checkpointInterval(), params.checkpointMinutes(), params.maxCheckpoints())) {
      if (ParamConflicts.isAskedFor(params, param)) {
        found.add(
            "%s is %s, but no checkpoints are written; set checkpointDir."
                .formatted(param.name(), params.getOrDefault(param)));
      }
    }
  }

  private void layers() {
    if (NetworkChoice.hiddenLayers(params, 1).length > 0) {
      return;
    }
    if (params.getDropout() > 0) {
      found.add(
          "dropout is %s, but there are no hidden layers that it could follow; set hiddenLayers."
              .formatted(params.getDropout()));
    }
    if (params.getBatchNorm()) {
      found.add(
          "batchNorm is true, but there are no hidden layers that it could follow; set hiddenLayers.");
    }
  }

  private void validation() {
    if (ParamConflicts.isAskedFor(params, params.validationMetric())
        && params.getValidationIndicatorCol().isEmpty()
        && params.getValidationFraction() == 0) {
      found.add(
          "validationMetric is %s, but no rows are for validation, so the last epoch is kept; set validationIndicatorCol."
              .formatted(params.getValidationMetric()));
    }
    int patience = params.getEarlyStoppingPatience();
    if (patience > 0 && params.getMaxIter() > 0 && patience >= params.getMaxIter() - 1) {
      found.add(
          "earlyStoppingPatience is %s, but maxIter is %s, so training cannot end earlier; lower it below %s to let it."
              .formatted(patience, params.getMaxIter(), Math.max(1, params.getMaxIter() - 1)));
    }
  }

  private void output() {
    if (!params.getPredictionCol().isEmpty()) {
      return;
    }
    if (params.getRawPredictionCol().isEmpty() && params.getProbabilityCol().isEmpty()) {
      found.add(
          "rawPredictionCol, probabilityCol and predictionCol are all empty, so the model appends nothing; name one of them.");
    }
    if (params.isDefined(params.thresholds()) || !params.getThresholdTuning().equals("none")) {
      found.add(
          "predictionCol is empty, but thresholds choose nothing other than the prediction; name predictionCol.");
    }
  }

  private void classWeights(LossSpec loss, LabelCounts counts) {
    if (loss.alpha().length == 0) {
      if (params.getAlphaFrom() >= 0) {
        found.add(
            "alphaFrom is %s, but loss %s has no class weights here (alpha is %s); set alpha."
                .formatted(params.getAlphaFrom(), loss.name(), params.getAlpha()));
      }
      if (params.getReduction().equals("weightedMean")) {
        found.add(
            "reduction is weightedMean, but loss %s has no class weights here (alpha is %s), so it is the mean; set alpha."
                .formatted(loss.name(), params.getAlpha()));
      }
      return;
    }
    long steps = steps(counts);
    if (loss.alphaFrom() * steps > steps - 1) {
      found.add(
          "alpha is %s, but the class weights of loss %s hold from %s of training on, which is after the last of its %s steps; lower alphaFrom or raise maxIter."
              .formatted(params.getAlpha(), loss.name(), loss.alphaFrom(), steps));
    }
  }

  private void steps(LabelCounts counts, int workers) {
    long steps = steps(counts);
    if (params.getWarmupFraction() > 0 && (long) (params.getWarmupFraction() * steps) == 0) {
      found.add(
          "warmupFraction is %s, but that is less than one of the %s steps; raise it to %s at least, or maxIter."
              .formatted(params.getWarmupFraction(), steps, 1.0 / steps));
    }
    long stepRows = Math.min(auto.batchSize(), counts.trainingRows());
    long rankRows = (stepRows + workers - 1) / workers;
    if (params.getGradientAccumulationSteps() > rankRows) {
      found.add(
          "gradientAccumulationSteps is %s, but a step has %s rows on each of %s workers, which cannot be cut into more parts; lower it."
              .formatted(params.getGradientAccumulationSteps(), rankRows, workers));
    }
    if (!params.getCheckpointDir().isEmpty()
        && params.getCheckpointMinutes() == 0
        && params.getCheckpointInterval() > steps) {
      found.add(
          "checkpointInterval is %s, but training has %s steps, so no checkpoint is written; lower it."
              .formatted(params.getCheckpointInterval(), steps));
    }
  }

  /** Steps of all epochs. */
  private long steps(LabelCounts counts) {
    long rows = counts.trainingRows();
    return new RunSize(rows, rows, 0).stepsPerEpoch(auto.batchSize()) * auto.epochs();
  }
}
