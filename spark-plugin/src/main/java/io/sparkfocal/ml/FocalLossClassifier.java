package io.sparkfocal.ml;

import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.data.RowReader;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.job.DeviceChoice;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.job.TrainingPlan;
import io.sparkfocal.job.TrainingResult;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.spark.ml.Estimator;
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
 *     new FocalLossClassifier().setLabelCol("label").setGamma(2).setAlpha("balanced").fit(rows);
 * }</pre>
 *
 * <p>{@link #fit} counts the labels with one Spark job, then trains in one barrier stage with one
 * rank per task; all ranks run at the same time. The result is a function of data, params, seed and
 * number of workers.
 */
public final class FocalLossClassifier extends Estimator<FocalLossClassificationModel>
    implements TrainingParams, DefaultParamsWritable {

  private static final long serialVersionUID = 1L;

  private final String uid;
  private final Holder scoringColumns;
  private final TrainingHolder trainingParams;

  /** With default params and a uid of its own. */
  public FocalLossClassifier() {
    this("focalLossClassifier_" + UUID.randomUUID().toString().substring(0, 12));
  }

  /** With default params. */
  public FocalLossClassifier(String uid) {
    this.uid = uid;
    this.scoringColumns = new Holder(this);
    this.trainingParams = new TrainingHolder(this);
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public Holder scoringColumns() {
    return scoringColumns;
  }

  @Override
  public TrainingHolder trainingParams() {
    return trainingParams;
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
    transformSchema(dataset.schema());
    DeviceChoice device = DeviceChoice.of(getDevice());
    TrainingJob job = new TrainingJob(dataset.sparkSession().sparkContext());
    job.requirePossible(device);
    TrainingColumns columns = columns(dataset.schema());
    LabelCounts counts = LabelCounts.of(columns, dataset);
    counts.requireTrainable(columns.label(), columns.classNames().size());
    int width = columns.features().width(dataset.toDF());
    NetworkDescription network = network(width, counts.classes());
    int workers = job.workers(getNumWorkers());

    TrainingPlan plan =
        new TrainingPlan(
            uid,
            UUID.randomUUID().getMostSignificantBits(),
            workers,
            RowReader.of(columns, width, counts.classes()),
            getStandardization(),
            network,
            lossSpec(counts),
            settings(),
            device,
            job.collectiveTimeoutMillis());
    TrainingResult result = job.run(plan, columns, counts, dataset);

    TrainedNetwork trained =
        new TrainedNetwork(
            network,
            counts.classes(),
            columns.classNames(),
            result.standardization(),
            result.weights());
    TrainingSummary summary = TrainingSummary.of(result, counts, workers);
    FocalLossClassificationModel model = new FocalLossClassificationModel(uid, trained, summary);
    model.setParent(this);
    return copyValues(model, new ParamMap());
  }

  private TrainingColumns columns(StructType schema) {
    return TrainingColumns.of(
        schema,
        getFeaturesCol(),
        List.of(getFeaturesCols()),
        getLabelCol(),
        nullIfEmpty(getWeightCol()),
        nullIfEmpty(getValidationIndicatorCol()));
  }

  private static @Nullable String nullIfEmpty(String name) {
    return name.isEmpty() ? null : name;
  }

  /** Builds the network once on the driver too, so that bad arguments fail before any stage. */
  private NetworkDescription network(int features, int classes) {
    LossSpec.Kind kind = LossSpec.Kind.of(getLoss());
    if (kind == LossSpec.Kind.SIGMOID_FOCAL && classes != 2) {
      throw new IllegalArgumentException(
          "loss is sigmoidFocal, but there are %d classes; it is for two: choose focal."
              .formatted(classes));
    }
    NetworkDescription description =
        new NetworkDescription(
            getNetworkProvider(), networkArgumentMap(), features, kind.outputs(classes));
    description.build(Layers.forInference());
    return description;
  }

  private Map<String, String> networkArgumentMap() {
    if (getNetworkProvider().equals(MlpNetwork.class.getName())) {
      return MlpNetwork.arguments(getHiddenLayers(), getDropout(), getBatchNorm());
    }
    return Arrays.stream(getNetworkArguments())
        .map(pair -> pair.split("=", 2))
        .collect(Collectors.toMap(p -> p[0], p -> p[1], (first, last) -> last, TreeMap::new));
  }

  private LossSpec lossSpec(LabelCounts counts) {
    LossSpec.Kind kind = LossSpec.Kind.of(getLoss());
    return new LossSpec(
        kind, getGamma(), Alpha.parse(getAlpha()).weights(kind, counts), chosenReduction());
  }

  private TrainingSettings settings() {
    return new TrainingSettings(
        getMaxIter(),
        getBatchSize(),
        getLearningRate(),
        chosenOptimizer(),
        chosenSchedule(),
        getWarmupFraction(),
        getGradientClipNorm(),
        getSeed(),
        ValidationMetric.of(getValidationMetric()),
        getEarlyStoppingPatience());
  }

  @Override
  public StructType transformSchema(StructType schema) {
    TrainingColumns columns = columns(schema);
    return OutputColumns.of(this, columns.classNames()).appendTo(schema);
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
    return new DefaultParamsReader<>();
  }

  /** Sets {@link #featuresCol}. */
  public FocalLossClassifier setFeaturesCol(String value) {
    set(featuresCol(), value);
    return this;
  }

  /** Sets {@link #featuresCols}. */
  public FocalLossClassifier setFeaturesCols(String... value) {
    set(featuresCols(), value);
    return this;
  }

  /** Sets {@link #predictionCol}. */
  public FocalLossClassifier setPredictionCol(String value) {
    set(predictionCol(), value);
    return this;
  }

  /** Sets {@link #probabilityCol}. */
  public FocalLossClassifier setProbabilityCol(String value) {
    set(probabilityCol(), value);
    return this;
  }

  /** Sets {@link #rawPredictionCol}. */
  public FocalLossClassifier setRawPredictionCol(String value) {
    set(rawPredictionCol(), value);
    return this;
  }

  /** Sets {@link #thresholds}. */
  public FocalLossClassifier setThresholds(double... value) {
    set(thresholds(), value);
    return this;
  }

  /** Sets {@link #labelCol}. */
  public FocalLossClassifier setLabelCol(String value) {
    set(labelCol(), value);
    return this;
  }

  /** Sets {@link #weightCol}. */
  public FocalLossClassifier setWeightCol(String value) {
    set(weightCol(), value);
    return this;
  }

  /** Sets {@link #validationIndicatorCol}. */
  public FocalLossClassifier setValidationIndicatorCol(String value) {
    set(validationIndicatorCol(), value);
    return this;
  }

  /** Sets {@link #loss}. */
  public FocalLossClassifier setLoss(String value) {
    set(loss(), value);
    return this;
  }

  /** Sets {@link #gamma}. */
  public FocalLossClassifier setGamma(double value) {
    set(gamma(), value);
    return this;
  }

  /** Sets {@link #alpha}. */
  public FocalLossClassifier setAlpha(String value) {
    set(alpha(), value);
    return this;
  }

  /** Sets {@link #reduction}. */
  public FocalLossClassifier setReduction(String value) {
    set(reduction(), value);
    return this;
  }

  /** Sets {@link #hiddenLayers}. */
  public FocalLossClassifier setHiddenLayers(int... value) {
    set(hiddenLayers(), value);
    return this;
  }

  /** Sets {@link #dropout}. */
  public FocalLossClassifier setDropout(double value) {
    set(dropout(), value);
    return this;
  }

  /** Sets {@link #batchNorm}. */
  public FocalLossClassifier setBatchNorm(boolean value) {
    set(batchNorm(), value);
    return this;
  }

  /** Sets {@link #networkProvider}. */
  public FocalLossClassifier setNetworkProvider(String value) {
    set(networkProvider(), value);
    return this;
  }

  /** Sets {@link #networkArguments}. */
  public FocalLossClassifier setNetworkArguments(String... value) {
    set(networkArguments(), value);
    return this;
  }

  /** Sets {@link #standardization}. */
  public FocalLossClassifier setStandardization(boolean value) {
    set(standardization(), value);
    return this;
  }

  /** Sets {@link #maxIter}. */
  public FocalLossClassifier setMaxIter(int value) {
    set(maxIter(), value);
    return this;
  }

  /** Sets {@link #batchSize}. */
  public FocalLossClassifier setBatchSize(int value) {
    set(batchSize(), value);
    return this;
  }

  /** Sets {@link #learningRate}. */
  public FocalLossClassifier setLearningRate(double value) {
    set(learningRate(), value);
    return this;
  }

  /** Sets {@link #optimizer}. */
  public FocalLossClassifier setOptimizer(String value) {
    set(optimizer(), value);
    return this;
  }

  /** Sets {@link #momentum}. */
  public FocalLossClassifier setMomentum(double value) {
    set(momentum(), value);
    return this;
  }

  /** Sets {@link #weightDecay}. */
  public FocalLossClassifier setWeightDecay(double value) {
    set(weightDecay(), value);
    return this;
  }

  /** Sets {@link #learningRateSchedule}. */
  public FocalLossClassifier setLearningRateSchedule(String value) {
    set(learningRateSchedule(), value);
    return this;
  }

  /** Sets {@link #warmupFraction}. */
  public FocalLossClassifier setWarmupFraction(double value) {
    set(warmupFraction(), value);
    return this;
  }

  /** Sets {@link #gradientClipNorm}. */
  public FocalLossClassifier setGradientClipNorm(double value) {
    set(gradientClipNorm(), value);
    return this;
  }

  /** Sets {@link #earlyStoppingPatience}. */
  public FocalLossClassifier setEarlyStoppingPatience(int value) {
    set(earlyStoppingPatience(), value);
    return this;
  }

  /** Sets {@link #validationMetric}. */
  public FocalLossClassifier setValidationMetric(String value) {
    set(validationMetric(), value);
    return this;
  }

  /** Sets {@link #seed}. */
  public FocalLossClassifier setSeed(long value) {
    set(seed(), value);
    return this;
  }

  /** Sets {@link #numWorkers}. */
  public FocalLossClassifier setNumWorkers(int value) {
    set(numWorkers(), value);
    return this;
  }

  /** Sets {@link #device}. */
  public FocalLossClassifier setDevice(String value) {
    set(device(), value);
    return this;
  }

  /** Class weights as numbers: sets {@link #alpha}. */
  public FocalLossClassifier setAlpha(double... weights) {
    return setAlpha(
        Arrays.stream(weights).mapToObj(Double::toString).collect(Collectors.joining(",")));
  }

  /** The network: sets {@link #networkProvider} and {@link #networkArguments}. */
  public FocalLossClassifier setNetwork(
      Class<? extends NetworkProvider> provider, Map<String, String> arguments) {
    setNetworkProvider(provider.getName());
    return setNetworkArguments(
        arguments.entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .toArray(String[]::new));
  }
}
