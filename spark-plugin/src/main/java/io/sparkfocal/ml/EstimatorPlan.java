package io.sparkfocal.ml;

import io.sparkfocal.calibration.CalibrationGoal;
import io.sparkfocal.calibration.ThresholdTuning;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.job.CheckpointPlan;
import io.sparkfocal.job.DeviceChoice;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.job.TrainingPlan;
import io.sparkfocal.ml.FocalLossClassifier.Input;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes the plan of a training from an estimator's params and what its rows are. */
final class EstimatorPlan {

  private static final double MILLIS_PER_MINUTE = 60_000;

  private final FocalLossClassifier params;

  EstimatorPlan(FocalLossClassifier params) {
    this.params = params;
  }

  /**
   * The plan of a new run.
   *
   * @param output from {@link #outputLayer}
   * @throws IllegalArgumentException if the network cannot be built
   */
  TrainingPlan of(Input input, OutputLayer output, TrainingJob job) {
    DeviceChoice device = DeviceChoice.of(params.getDevice());
    long attemptKey = UUID.randomUUID().getMostSignificantBits();
    return new TrainingPlan(
        "%s-%04x".formatted(params.uid(), attemptKey & 0xFFFF),
        attemptKey,
        input.workers(),
        input.columns(),
        input.counts().classes(),
        input.rows().content(),
        input.rows().isSparse(),
        params.getStandardization(),
        network(input.rows().width(), output.outputs()),
        output.bias(),
        output.loss(),
        settings(),
        new CalibrationGoal(
            output.link(),
            Choices.calibration(params.getCalibration()),
            ThresholdTuning.parse(params.getThresholdTuning())),
        device,
        job.transport(device),
        job.settings(),
        checkpoints(job, attemptKey));
  }

  /**
   * The loss and what follows for the output layer.
   *
   * @throws IllegalArgumentException if loss, class weights, priorBias and logitAdjustment do not
   *     go together
   */
  OutputLayer outputLayer(LabelCounts counts) {
    LossSpec loss =
        lossChoice()
            .spec(
                counts.classRows(),
                params.getAlphaFrom(),
                Choices.reduction(params.getReduction()));
    return OutputLayer.of(
        loss, params.getPriorBias(), params.getLogitAdjustment(), counts.classRows());
  }

  /** The loss, with class weights or with adjusted logits, since each counts the frequencies. */
  LossChoice lossChoice() {
    LossChoice choice = LossChoice.of(params);
    return params.getLogitAdjustment() == 0
        ? choice
        : choice.forAdjustedLogits(params.getLogitAdjustment());
  }

  private @Nullable CheckpointPlan checkpoints(TrainingJob job, long attemptKey) {
    return params.getCheckpointDir().isEmpty()
        ? null
        : job.checkpoints(
            params.getCheckpointDir(),
            String.format(
                Locale.ROOT,
                "%s-%016x",
                params.uid().replaceAll("[^A-Za-z0-9_.-]", "_"),
                attemptKey),
            params.getCheckpointInterval(),
            Math.round(params.getCheckpointMinutes() * MILLIS_PER_MINUTE),
            params.getMaxCheckpoints());
  }

  /** Builds the network once on the driver too, so that bad arguments fail before training. */
  private NetworkDescription network(int features, int outputs) {
    NetworkDescription description =
        new NetworkDescription(
            params.getNetworkProvider(), networkArgumentMap(), features, outputs);
    description.build(Layers.forInference());
    return description;
  }

  private Map<String, String> networkArgumentMap() {
    if (params.getNetworkProvider().equals(MlpNetwork.class.getName())) {
      return MlpNetwork.arguments(
          params.getHiddenLayers(), params.getDropout(), params.getBatchNorm());
    }
    return Arrays.stream(params.getNetworkArguments())
        .map(pair -> pair.split("=", 2))
        .collect(Collectors.toMap(p -> p[0], p -> p[1], (first, last) -> last, TreeMap::new));
  }

  private TrainingSettings settings() {
    return new TrainingSettings(
        params.getMaxIter(),
        params.getBatchSize(),
        params.getLearningRate(),
        Choices.optimizer(params.getOptimizer())
            .apply(params.getMomentum(), params.getWeightDecay()),
        Choices.schedule(params.getLearningRateSchedule()),
        params.getWarmupFraction(),
        params.getGradientClipNorm(),
        params.getSeed(),
        params.getGradientAccumulationSteps(),
        ValidationMetric.of(params.getValidationMetric()),
        params.getEarlyStoppingPatience(),
        Choices.dataType(params.getPrecision()));
  }
}
