package io.sparkfocal.ml;

import io.sparkfocal.blocks.InputBlocks;
import io.sparkfocal.calibration.Calibrated;
import io.sparkfocal.data.InvalidRows;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.job.DeviceChoice;
import io.sparkfocal.job.InputChangedException;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.job.TrainingPlan;
import io.sparkfocal.job.TrainingResult;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.persist.TrainedNetwork;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.spark.ml.classification.ProbabilisticClassifier;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Trains a neural network for imbalanced classes on the executors of a Spark application, each on
 * its own partition, with focal loss (Lin et al., arXiv 1708.02002) or one of its relatives.
 *
 * <pre>{@code
 * FocalLossClassificationModel model =
 *     new FocalLossClassifier().setFeaturesCols(columns).setLabelCol("late").setGamma(2).fit(rows);
 * }</pre>
 *
 * <p>{@link #fit} reads the rows with one Spark job, then trains in one barrier stage with one rank
 * per task; all ranks run at the same time. The result is a function of data, params, seed, number
 * of workers and the partitions of the input.
 */
public final class FocalLossClassifier
    extends ProbabilisticClassifier<Vector, FocalLossClassifier, FocalLossClassificationModel>
    implements ScoringParams<FocalLossClassifier>,
        RowParams<FocalLossClassifier>,
        LossParams<FocalLossClassifier>,
        NetworkParams<FocalLossClassifier>,
        ImageParams<FocalLossClassifier>,
        OptimizationParams<FocalLossClassifier>,
        CalibrationParams<FocalLossClassifier>,
        PlacementParams<FocalLossClassifier>,
        TrackingParams<FocalLossClassifier>,
        RecoveryParams<FocalLossClassifier>,
        DefaultParamsWritable {

  private static final long serialVersionUID = 1L;

  private final @Nullable String uid;
  private final ScoringParams.Holder scoringParams;
  private final RowParams.Holder rowParams;
  private final LossParams.Holder lossParams;
  private final NetworkParams.Holder networkParams;
  private final ImageParams.Holder imageParams;
  private final OptimizationParams.Holder optimizationParams;
  private final CalibrationParams.Holder calibrationParams;
  private final PlacementParams.Holder placementParams;
  private final TrackingParams.Holder trackingParams;
  private final RecoveryParams.Holder recoveryParams;

  /** With default params and a uid of its own. */
  public FocalLossClassifier() {
    this("focalLossClassifier_" + UUID.randomUUID().toString().substring(0, 12));
  }

  /** With default params. */
  public FocalLossClassifier(String uid) {
    this(PendingUid.of(uid));
  }

  private FocalLossClassifier(PendingUid uid) {
    this.uid = uid.value();
    this.scoringParams = new ScoringParams.Holder(this);
    this.rowParams = new RowParams.Holder(this);
    this.lossParams = new LossParams.Holder(this);
    this.networkParams = new NetworkParams.Holder(this);
    this.imageParams = new ImageParams.Holder(this);
    this.optimizationParams = new OptimizationParams.Holder(this);
    this.calibrationParams = new CalibrationParams.Holder(this);
    this.placementParams = new PlacementParams.Holder(this);
    this.trackingParams = new TrackingParams.Holder(this);
    this.recoveryParams = new RecoveryParams.Holder(this);
  }

  @Override
  public String uid() {
    return uid == null ? PendingUid.get() : uid;
  }

  @Override
  public ScoringParams.Holder scoringParams() {
    return scoringParams;
  }

  @Override
  public DoubleArrayParam thresholds() {
    return scoringParams.thresholds;
  }

  @Override
  public RowParams.Holder rowParams() {
    return rowParams;
  }

  @Override
  public LossParams.Holder lossParams() {
    return lossParams;
  }

  @Override
  public NetworkParams.Holder networkParams() {
    return networkParams;
  }

  @Override
  public ImageParams.Holder imageParams() {
    return imageParams;
  }

  @Override
  public OptimizationParams.Holder optimizationParams() {
    return optimizationParams;
  }

  @Override
  public CalibrationParams.Holder calibrationParams() {
    return calibrationParams;
  }

  @Override
  public PlacementParams.Holder placementParams() {
    return placementParams;
  }

  @Override
  public TrackingParams.Holder trackingParams() {
    return trackingParams;
  }

  @Override
  public RecoveryParams.Holder recoveryParams() {
    return recoveryParams;
  }

  /**
   * Trains.
   *
   * @throws IllegalArgumentException if columns, rows, params or the cluster do not allow it; the
   *     sentence says what to change
   * @throws io.sparkfocal.job.TrainingException if a rank fails otherwise
   */
  @Override
  public FocalLossClassificationModel fit(Dataset<?> dataset) {
    requireCheckpoints();
    transformSchema(dataset.schema());
    try (TrainingJob job = new TrainingJob(dataset.sparkSession())) {
      return fit(dataset, job);
    }
  }

  /** As {@link #fit}, by the name that Spark gives it where a label is one number. */
  @Override
  public FocalLossClassificationModel train(Dataset<?> dataset) {
    return fit(dataset);
  }

  /** Trains by that job, which the caller closes. */
  FocalLossClassificationModel fit(Dataset<?> dataset, TrainingJob job) {
    TrainingColumns columns = columns(dataset.schema());
    requirePossible(job);
    int workers = job.workers(getNumWorkers());
    try (InputBlocks rows = job.read(columns, dataset, workers, getMaxRestarts())) {
      return fit(rows, columns, workers, job, new Warnings());
    }
  }

  /** Begins anew with the rows that there are now, where lost ones do not come again. */
  private FocalLossClassificationModel fit(
      InputBlocks rows, TrainingColumns columns, int workers, TrainingJob job, Warnings warnings) {
    for (int left = getMaxRestarts(); ; left--) {
      Input input = new Input(rows, columns, counts(rows, columns, warnings), workers);
      try {
        return getLossSearch().length > 0
            ? new LossSearch(this, job, warnings).fit(input)
            : train(input, job, warnings);
      } catch (InputChangedException e) {
        if (left == 0) {
          throw e;
        }
        warnings.say(List.of(String.valueOf(e.getMessage())));
        job.deleteCheckpoints();
        job.readAgain(rows);
      }
    }
  }

  /**
   * What is trained on.
   *
   * @param rows all of them
   * @param counts of the rows
   * @param workers how many ranks train
   */
  record Input(InputBlocks rows, TrainingColumns columns, LabelCounts counts, int workers) {}

  private void requirePossible(TrainingJob job) {
    DeviceChoice device = DeviceChoice.of(getDevice());
    job.requirePossible(device);
    job.transport(device);
    NetworkDescription.requireProvider(getNetworkProvider());
  }

  /** Trains; a loss search is not looked at. */
  FocalLossClassificationModel train(Input input, TrainingJob job, Warnings warnings) {
    warnings.say(IdleParams.of(this));
    FocalLossClassificationModel model = trained(input, job, warnings);
    job.deleteCheckpoints();
    return model;
  }

  private FocalLossClassificationModel trained(Input input, TrainingJob job, Warnings warnings) {
    LabelCounts counts = input.counts();
    EstimatorPlan params = new EstimatorPlan(this, input);
    OutputLayer output = params.outputLayer(counts);
    TrainingPlan plan = params.of(input, output, job);
    if (isDefined(thresholds())) {
      ClassScores.requireThresholds(getThresholds(), counts.classes(), counts.isMultilabel());
    }
    warnings.say(IdleParams.of(this, output.loss(), counts, input.workers(), params.auto()));
    TrainingResult result =
        job.run(plan, input.rows(), counts.canValidate(), getMaxRestarts(), getResume());

    Calibrated calibrated = result.calibrated();
    warnings.say(new ValidationRows(this).warnings(calibrated));
    TrainedNetwork trained =
        new TrainedNetwork(
            result.encoding().network(plan.network()),
            counts.classes(),
            input.columns().classNames(counts.classes()),
            result.encoding(),
            output.link().withTemperature(calibrated.temperature()),
            result.weights());
    TrainingSummary summary = TrainingSummary.of(result, counts, params.lossChoice());
    FocalLossClassificationModel model =
        copyValues(new FocalLossClassificationModel(uid(), trained, summary), new ParamMap());
    if (calibrated.thresholds() != null) {
      model.setThresholds(calibrated.thresholds());
    }
    model.setParent(this);
    return model;
  }

  /**
   * Looks at what was counted.
   *
   * @throws IllegalArgumentException if there are no rows that params need
   */
  private LabelCounts counts(InputBlocks rows, TrainingColumns columns, Warnings warnings) {
    LabelCounts counts = rows.counts();
    counts.requireTrainable(columns.label(), columns.declaredClasses());
    if (columns.validation() != null || columns.validationFraction() > 0) {
      ValidationRows validation = new ValidationRows(this);
      validation.require(counts, TuningFold.isCurrent());
      warnings.sayOfValidation(validation.warnings(counts));
    }
    LabelCounts all = counts.withClasses(columns.label(), getNumClasses());
    // Rows that weigh nothing have a loss of 0 from the first epoch on, which would be the best.
    return all.canValidate() ? all : all.withoutValidation();
  }

  TrainingColumns columns(StructType schema) {
    TrainingColumns columns =
        TrainingColumns.of(
            schema,
            getFeaturesCol(),
            List.of(getFeaturesCols()),
            getInputShape(),
            getLabelCol(),
            nullIfEmpty(getWeightCol()),
            nullIfEmpty(getValidationIndicatorCol()),
            InvalidRows.of(getHandleInvalid()),
            getValidationFraction(),
            new ValidationRows(this).fewestToHold());
    NetworkChoice network = NetworkChoice.of(this, columns.features());
    network.requireColumns(this, columns.features());
    if (getNumClasses() > 0 && getNumClasses() < columns.declaredClasses()) {
      throw new IllegalArgumentException(
          "numClasses is %s, but the metadata of column \"%s\" declares %s classes; set it to at least %3$s, or to 0."
              .formatted(getNumClasses(), getLabelCol(), columns.declaredClasses()));
    }
    return columns.with(network.invalid(columns.invalid()));
  }

  private static @Nullable String nullIfEmpty(String name) {
    return name.isEmpty() ? null : name;
  }

  private void requireCheckpoints() {
    if (getCheckpointDir().isEmpty() && getResume()) {
      throw new IllegalArgumentException(
          "resume is true, but there is no folder to look for checkpoints in; set checkpointDir, or"
              + " resume to false.");
    }
    if (getResume() && getLossSearch().length > 0) {
      throw new IllegalArgumentException(
          "resume is true, but lossSearch trains several networks; set resume to false, or loss to"
              + " the one to go on with.");
    }
    if (!getCheckpointDir().isEmpty()
        && getCheckpointInterval() == 0
        && getCheckpointMinutes() == 0) {
      throw new IllegalArgumentException(
          "checkpointDir is \"%s\", but checkpointInterval and checkpointMinutes are both 0; set one of them above 0."
              .formatted(getCheckpointDir()));
    }
  }

  /**
   * The schema of the model's output. Params that do not go together are refused here, so that
   * pipelines and grids are checked before anything trains.
   */
  @Override
  public StructType transformSchema(StructType schema) {
    ParamConflicts.refuse(this);
    new ValidationRows(this).requireColumn();
    TrainingColumns columns = columns(schema);
    int classes = Math.max(getNumClasses(), columns.declaredClasses());
    return OutputColumns.of(this)
        .appendTo(schema, classes, columns.classNames(classes), columns.isMultilabel(), 0);
  }

  /** Sets {@link #thresholds}. */
  @Override
  @SuppressWarnings("overrides") // Spark's takes an array
  public FocalLossClassifier setThresholds(double... value) {
    return chained(thresholds(), value);
  }

  @Override
  public FocalLossClassifier copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** Reads what {@code write()} or {@code save(path)} wrote. */
  public static FocalLossClassifier load(String path) {
    return read().load(path);
  }

  /** A reader of saved estimators. */
  public static MLReader<FocalLossClassifier> read() {
    return new Reader();
  }

  /** Reads estimators of earlier versions too, which keep what was the default then. */
  private static final class Reader extends MLReader<FocalLossClassifier> {

    @Override
    public FocalLossClassifier load(String path) {
      DefaultParamsReader<FocalLossClassifier> reader = new DefaultParamsReader<>();
      reader.session(sparkSession());
      FocalLossClassifier classifier = reader.load(path);
      int[] layers = classifier.getDefault(classifier.hiddenLayers()).get();
      if (!Arrays.equals(layers, NetworkChoice.OWN_LAYERS)) {
        classifier.setDefault(classifier.network(), "mlp");
        classifier.setDefault(classifier.validationFraction(), 0.0);
        classifier.setDefault(classifier.handleInvalid(), InvalidRows.ERROR.label());
        classifier.setDefault(classifier.weightAveraging(), 0.0);
      }
      return classifier;
    }
  }
}
