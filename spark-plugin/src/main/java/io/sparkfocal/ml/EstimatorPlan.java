package io.sparkfocal.ml;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.sparkfocal.calibration.CalibrationGoal;
import io.sparkfocal.calibration.ThresholdTuning;
import io.sparkfocal.data.FeaturePlan;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.job.CheckpointPlan;
import io.sparkfocal.job.DeviceChoice;
import io.sparkfocal.job.InitialWeights;
import io.sparkfocal.job.TensorBoardPlan;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.job.TrainingPlan;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.ml.FocalLossClassifier.Input;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.plugin.NativeEngine;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes the plan of a training from an estimator's params and what its rows are. */
final class EstimatorPlan {

  private static final double MILLIS_PER_MINUTE = 60_000;

  private final FocalLossClassifier params;
  private final NetworkChoice choice;
  private final AutoSettings auto;
  private final boolean isMultilabel;
  private final boolean hasShares;

  /** For these rows. */
  EstimatorPlan(FocalLossClassifier params, Input input) {
    this(
        params,
        NetworkChoice.of(params, input.columns().features()).resolved(input.rows()),
        input.counts().trainingRows(),
        input.counts().isMultilabel(),
        input.rows().hasShares());
  }

  /**
   * For that network and so many training rows.
   *
   * @param isMultilabel whether a row has several labels
   * @param hasShares whether any of these lies between 0 and 1
   */
  EstimatorPlan(
      FocalLossClassifier params,
      NetworkChoice choice,
      long rows,
      boolean isMultilabel,
      boolean hasShares) {
    this.params = params;
    this.choice = choice;
    this.isMultilabel = isMultilabel;
    this.hasShares = hasShares;
    this.auto = AutoSettings.of(params, choice, rows);
  }

  /** What was chosen for these rows where nothing was set. */
  AutoSettings auto() {
    return auto;
  }

  /**
   * The plan of a new run.
   *
   * @param output from {@link #outputLayer}
   * @throws IllegalArgumentException if the network cannot be built, or the validation metric not
   *     be measured
   */
  TrainingPlan of(Input input, OutputLayer output, TrainingJob job) {
    choice.requireRows(params, input.rows(), input.columns().features());
    DeviceChoice device = DeviceChoice.of(params.getDevice());
    NetworkDescription network = network(input.rows().width(), output, job);
    FeaturePlan encoding = choice.encoding(params, input.rows(), input.columns().features());
    long attemptKey = UUID.randomUUID().getMostSignificantBits();
    String run = "%s-%04x".formatted(params.uid(), attemptKey & 0xFFFF);
    return new TrainingPlan(
        run,
        attemptKey,
        input.workers(),
        input.columns(),
        input.counts().classes(),
        input.rows().content(),
        input.rows().isSparse() && encoding.augmentation().isNone(),
        encoding,
        network,
        output.bias(),
        output.loss(),
        settings(input.counts()),
        new CalibrationGoal(
            output.link(),
            Choices.calibration(params.getCalibration()),
            ThresholdTuning.parse(params.getThresholdTuning())),
        device,
        job.transport(device),
        job.settings(),
        checkpoints(job, attemptKey),
        tensorBoard(job, run, output.loss()),
        initial(network, encoding, job));
  }

  private @Nullable InitialWeights initial(
      NetworkDescription network, FeaturePlan encoding, TrainingJob job) {
    Object model = params.getInitialModel();
    if (model.equals("")) {
      return null;
    }
    return job.initialWeights(
        model instanceof FocalLossClassificationModel trained ? trained.network() : model,
        network,
        encoding.images());
  }

  /**
   * The loss and what follows for the output layer.
   *
   * @throws IllegalArgumentException if loss, class weights, priorBias and logitAdjustment do not
   *     go together
   */
  OutputLayer outputLayer(LabelCounts counts) {
    Reduction reduction = Choices.reduction(params.getReduction());
    if (isMultilabel) {
      LossSpec loss =
          lossChoice().multilabelSpec(counts.classRows(), params.getAlphaFrom(), reduction);
      return OutputLayer.ofLabels(
          loss,
          params.getPriorBias()
              || (choice == NetworkChoice.TABULAR && OutputLayer.likesPriors(loss)),
          counts.trainingRows());
    }
    LossSpec loss = lossChoice().spec(counts.classRows(), params.getAlphaFrom(), reduction);
    return OutputLayer.of(
        loss,
        params.getPriorBias() || (choice == NetworkChoice.TABULAR && OutputLayer.likesPriors(loss)),
        params.getLogitAdjustment(),
        counts.classRows());
  }

  /** The loss, with class weights or with adjusted logits, since each counts the frequencies. */
  LossChoice lossChoice() {
    LossChoice choice = LossChoice.of(params, isMultilabel).forShares(hasShares);
    if (params.getLogitAdjustment() == 0) {
      return choice;
    }
    if (isMultilabel) {
      throw new IllegalArgumentException(
          "logitAdjustment is %s, but the rows have several labels, which have no share of the rows between them; set it to 0."
              .formatted(params.getLogitAdjustment()));
    }
    return choice.forAdjustedLogits(params.getLogitAdjustment());
  }

  private @Nullable CheckpointPlan checkpoints(TrainingJob job, long attemptKey) {
    return params.getCheckpointDir().isEmpty()
        ? null
        : job.checkpoints(
            params.getCheckpointDir(),
            fileName(String.format(Locale.ROOT, "%s-%016x", params.uid(), attemptKey)),
            params.getCheckpointInterval(),
            Math.round(params.getCheckpointMinutes() * MILLIS_PER_MINUTE),
            params.getMaxCheckpoints());
  }

  /** The loss in the name tells the runs of a loss search apart. */
  private @Nullable TensorBoardPlan tensorBoard(TrainingJob job, String run, LossSpec loss) {
    return params.getTensorBoardDir().isEmpty()
        ? null
        : job.tensorBoard(params.getTensorBoardDir(), fileName(run + "-" + loss.name()));
  }

  private static String fileName(String text) {
    return text.replaceAll("[^A-Za-z0-9_.-]", "_");
  }

  /** Builds the network once on the driver too, so that bad arguments fail before training. */
  private NetworkDescription network(int features, OutputLayer output, TrainingJob job) {
    NetworkDescription description =
        choice.network(params, features, output.outputs(), output.link().sigmoid(), job);
    if (description.file() == null) {
      description.build(Layers.forInference());
    } else {
      requireTrainable(description);
    }
    return description;
  }

  /** Tries the network with rows of zeros. */
  private static void requireTrainable(NetworkDescription torchScript) {
    NativeEngine.require(1);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      Block network = torchScript.build(Layers.forInference());
      network.initialize(manager, DataType.FLOAT32, new Shape(1, torchScript.features()));
    }
  }

  private TrainingSettings settings(LabelCounts counts) {
    ValidationMetric metric = ValidationMetric.of(params.getValidationMetric());
    if (counts.canValidate()) {
      metric.requireClasses(counts.classes());
    }
    return new TrainingSettings(
        auto.epochs(),
        auto.batchSize(),
        auto.learningRate(),
        Choices.optimizer(params.getOptimizer())
            .apply(params.getMomentum(), params.getWeightDecay()),
        Choices.schedule(params.getLearningRateSchedule()),
        params.getWarmupFraction(),
        params.getGradientClipNorm(),
        params.getSeed(),
        params.getGradientAccumulationSteps(),
        metric,
        counts.canValidate() ? auto.patience() : 0,
        auto.averaging(),
        Choices.dataType(params.getPrecision()));
  }
}
