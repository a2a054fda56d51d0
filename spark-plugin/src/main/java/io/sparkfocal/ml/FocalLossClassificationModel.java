package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.InvalidRows;
import io.sparkfocal.export.ModelExport;
import io.sparkfocal.persist.TrainedNetwork;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.ml.classification.ProbabilisticClassificationModel;
import org.apache.spark.ml.linalg.DenseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.HasTrainingSummary;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.Tuple3;

/**
 * A trained network that appends logits, probabilities and the predicted class to a DataFrame.
 *
 * <p>Scoring runs on the CPU. All other columns stay as they are, and only those that a query asks
 * for are read. Multilayer perceptrons of up to 4,096 weights are a function of the feature
 * columns, as Spark ML's own models are: filters on other columns reach the source. Larger networks
 * and those of other providers score batches of rows, where a filter belongs before {@code
 * transform}. Features must be finite; missing ones are treated as {@code handleInvalid} says.
 */
public final class FocalLossClassificationModel
    extends ProbabilisticClassificationModel<Vector, FocalLossClassificationModel>
    implements ScoringParams<FocalLossClassificationModel>,
        HasTrainingSummary<TrainingSummary>,
        MLWritable {

  private static final long serialVersionUID = 1L;

  private final @Nullable String uid;
  private final ScoringParams.Holder scoringParams;
  private final TrainedNetwork network;
  private final NetworkBroadcast broadcast;
  private final VectorScorer ofVectors;
  private Option<TrainingSummary> summary;

  /** For Spark Connect, which asks an object for its class; such a model cannot score. */
  public FocalLossClassificationModel() {
    this("focalLossClassificationModel_none", TrainedNetwork.NONE, null);
  }

  FocalLossClassificationModel(
      String uid, TrainedNetwork network, @Nullable TrainingSummary summary) {
    this(
        PendingUid.of(uid),
        network,
        new NetworkBroadcast(),
        new VectorScorer(network),
        Option.apply(summary));
  }

  private FocalLossClassificationModel(
      PendingUid uid,
      TrainedNetwork network,
      NetworkBroadcast broadcast,
      VectorScorer ofVectors,
      Option<TrainingSummary> summary) {
    this.uid = uid.value();
    this.network = network;
    this.broadcast = broadcast;
    this.ofVectors = ofVectors;
    this.summary = summary;
    this.scoringParams = new ScoringParams.Holder(this);
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

  TrainedNetwork network() {
    return network;
  }

  /** How many classes the model tells apart. */
  @Override
  public int numClasses() {
    return network.classes();
  }

  /** Whether a row may have several labels, which {@link #numClasses} counts then. */
  public boolean isMultilabel() {
    return network.link().isMultilabel();
  }

  /** How many features a row must have. */
  @Override
  public int numFeatures() {
    return network.encoding().features();
  }

  /** Names of the classes, in the order of the labels; empty if the label had no names. */
  public List<String> classNames() {
    return network.classNames();
  }

  /** What the logits are divided by before they become probabilities; 1 without calibration. */
  public double temperature() {
    return network.link().temperature();
  }

  /** How the training went; none for a model that an earlier version saved. */
  @Override
  public Option<TrainingSummary> trainingSummary() {
    return summary;
  }

  /** Keeps a summary, for Spark. */
  @Override
  public void trainingSummary_$eq(Option<TrainingSummary> value) {
    summary = value;
  }

  /** Bytes of the weights; of Spark 4.1 on, whose Connect server keeps models of some size only. */
  public long estimatedSize() {
    return network.weights().values().stream()
        .mapToLong(tensor -> (long) tensor.values().length * Float.BYTES)
        .sum();
  }

  /** Of Spark 4.1 on. Nothing is left to do: {@code write()} saves the summary with the model. */
  public void saveSummary(String path) {}

  /** Of Spark 4.1 on. Nothing is left to do: {@code load} reads the summary with the model. */
  public void loadSummary(String path, Dataset<Row> dataset) {}

  /**
   * Sets {@link #featuresCol}.
   *
   * @throws IllegalArgumentException if there are featuresCols, which the model reads instead
   */
  @Override
  public FocalLossClassificationModel setFeaturesCol(String value) {
    requireRead(value, getFeaturesCols());
    set(featuresCol(), value);
    return this;
  }

  private static void requireRead(String featuresCol, String[] featuresCols) {
    if (featuresCols.length > 0) {
      throw new IllegalArgumentException(
          "featuresCol is to be \"%s\", but the model reads featuresCols %s; set featuresCols to none first."
              .formatted(featuresCol, Arrays.toString(featuresCols)));
    }
  }

  /**
   * Sets {@link #thresholds}.
   *
   * @throws IllegalArgumentException if there is not one per class, or one is negative, or more
   *     than one is 0; of several labels, if one is not from 0 to 1
   */
  @Override
  @SuppressWarnings("overrides") // Spark's takes an array
  public FocalLossClassificationModel setThresholds(double... value) {
    ClassScores.requireThresholds(value, numClasses(), isMultilabel());
    set(thresholds(), value);
    return this;
  }

  /**
   * Raw scores of the classes for one row: what {@link #rawPredictionCol} has.
   *
   * @param features all of them, in the order of featuresCols; a text is its index in the
   *     dictionary of its column, a missing value NaN
   * @throws IllegalArgumentException if there are too few or too many, or one cannot be scored
   */
  @Override
  public Vector predictRaw(Vector features) {
    requireNetwork();
    return Vectors.dense(
        ofVectors.raw(features, InvalidRows.of(getHandleInvalid()) == InvalidRows.KEEP));
  }

  /**
   * The class of one row, as {@link #predictRaw} takes it.
   *
   * @throws IllegalArgumentException as there, or if a row may have several labels
   */
  @Override
  public double predict(Vector features) {
    if (isMultilabel()) {
      throw new IllegalArgumentException(
          "predict returns one class, but rows of this model may have several labels; call predictProbability, or transform, whose prediction is the array of the labels that are there.");
    }
    classScores(); // which refuses thresholds that a ParamMap brought
    return super.predict(features);
  }

  /** Probabilities in place of raw scores, by the model's link. */
  @Override
  public Vector raw2probabilityInPlace(Vector raw) {
    double[] values = ((DenseVector) raw).values();
    double[] probabilities =
        isMultilabel()
            ? LogitLink.sigmoids(values)
            : LogitLink.probabilities(values, network.description().outputs());
    System.arraycopy(probabilities, 0, values, 0, values.length);
    return raw;
  }

  /** Written out, since Java sees two of this name in the superclass. */
  @Override
  @SuppressWarnings({"unchecked", "rawtypes"})
  public Tuple3 findSummaryModel() {
    return super.findSummaryModel();
  }

  /**
   * Appends the output columns.
   *
   * @throws IllegalArgumentException if features are missing or an output column exists already
   */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = transformSchema(dataset.schema());
    FeatureLayout layout = layout(dataset.schema());
    InvalidRows invalid = InvalidRows.of(getHandleInvalid());
    if (invalid == InvalidRows.SKIP) {
      return copy(ParamMap.empty())
          .setHandleInvalid(InvalidRows.ERROR.label())
          .transform(dataset.filter(ValidRows.condition(layout)));
    }
    OutputColumns output = OutputColumns.of(this);
    ScoreColumns columns =
        new ScoreColumns(output, network.description().outputs(), network.link(), classScores());
    if (columns.names().isEmpty()) {
      return dataset.toDF();
    }
    boolean explains = !output.attribution().isEmpty();
    if (explains && dataset.isStreaming()) {
      throw new IllegalArgumentException(
          "attributionCol is \"%s\", but the dataset is a stream, whose rows are scored one by one; set it to an empty name, or call transform in foreachBatch."
              .formatted(output.attribution()));
    }
    SentNetwork sent = broadcast.in(dataset.sparkSession().sparkContext(), network);
    boolean keeps = invalid == InvalidRows.KEEP;
    return (!explains && RowScorer.suits(network.description(), network.encoding(), layout))
            || dataset.isStreaming()
        ? new RowScorer(sent, layout, keeps, columns).scored(dataset, uid() + "_scores", schema)
        : ScoredRelation.of(dataset, sent, layout, keeps, columns, schema);
  }

  /** As below, with five shuffles of each feature and the metric prAuc. */
  public FeatureImportances featureImportances(Dataset<?> rows) {
    return featureImportances(rows, ImportanceOptions.defaults());
  }

  /**
   * By how much a metric gets worse when the values of a feature are shuffled among the rows, for
   * each feature.
   *
   * <p>One pass over the rows scores each of them once as it is, and once for each feature and
   * repeat. Values are exchanged within batches of a partition, of 256 to some 2,000 rows; small
   * partitions are merged first. Rows in an order that has to do with the features are better mixed
   * before. The result is a function of the options and of the rows as their partitions have them.
   *
   * @param rows have the columns of the features and of the label, whole numbers as in training;
   *     better not those of the training
   * @throws IllegalArgumentException if a column is missing, a row is bad, there are not two rows,
   *     the rows do not define the metric, or there are too many features or classes
   */
  public FeatureImportances featureImportances(Dataset<?> rows, ImportanceOptions options) {
    if (rows.isStreaming()) {
      throw new IllegalArgumentException(
          "The dataset is a stream, of which no importances can be told; give rows that end.");
    }
    FeatureLayout layout = layout(rows.schema());
    InvalidRows invalid = InvalidRows.of(getHandleInvalid());
    return new PermutationImportance(
            network,
            broadcast.in(rows.sparkSession().sparkContext(), network),
            layout,
            invalid == InvalidRows.KEEP,
            classScores(),
            Optional.ofNullable(options.labelCol()).orElseGet(this::getLabelCol),
            options)
        .of(invalid == InvalidRows.SKIP ? rows.filter(ValidRows.condition(layout)) : rows);
  }

  private ClassScores classScores() {
    double[] thresholds = isDefined(thresholds()) ? getThresholds() : null;
    if (thresholds != null) {
      ClassScores.requireThresholds(thresholds, numClasses(), isMultilabel());
    }
    return new ClassScores(thresholds);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    layout(schema);
    return OutputColumns.of(this)
        .appendTo(schema, numClasses(), classNames(), isMultilabel(), numFeatures());
  }

  private void requireNetwork() {
    if (numClasses() == 0) {
      throw new IllegalStateException(
          "The model has no network; load one that was saved, or fit a FocalLossClassifier.");
    }
  }

  private FeatureLayout layout(StructType schema) {
    requireNetwork();
    return network.layout(schema, getFeaturesCol(), List.of(getFeaturesCols()));
  }

  /**
   * A copy with other params.
   *
   * @throws IllegalArgumentException if featuresCol is among them and there are featuresCols, which
   *     the model reads instead
   */
  @Override
  public FocalLossClassificationModel copy(ParamMap extra) {
    String column = extra.getOrElse(featuresCol(), "");
    // That of copy(extractParamMap()), which sets all defaults, asks for nothing.
    if (!column.isEmpty() && !column.equals(getDefault(featuresCol()).get())) {
      requireRead(column, extra.getOrElse(featuresCols(), getFeaturesCols()));
    }
    FocalLossClassificationModel copy =
        new FocalLossClassificationModel(
            PendingUid.of(uid()), network, broadcast, ofVectors, summary);
    copy.setParent(parent());
    return copyValues(copy, extra);
  }

  @Override
  public String toString() {
    return "FocalLossClassificationModel: uid=%s, numClasses=%s, numFeatures=%s"
        .formatted(uid(), numClasses(), numFeatures());
  }

  /** As below, into a folder that must not be there yet. */
  public void exportTo(String folder) {
    exportTo(folder, false);
  }

  /**
   * Writes the model as TorchScript, ONNX and Python with PyTorch, as docs/serving.md says.
   *
   * @param folder of any Hadoop file system
   * @param overwrite whether an export that is there is replaced, once the new one is whole
   * @throws IllegalArgumentException if the network is of a provider of the user's, or the folder
   *     is there and is not to be replaced, or is no export
   */
  public void exportTo(String folder, boolean overwrite) {
    requireNetwork();
    List<String> many = List.of(getFeaturesCols());
    List<String> columns = many.isEmpty() ? List.of(getFeaturesCol()) : many;
    var hadoop = SparkSession.active().sessionState().newHadoopConf();
    ModelExport.write(network, columns, folder, overwrite, hadoop);
  }

  @Override
  public MLWriter write() {
    requireNetwork();
    return new ModelWriter(this);
  }

  /** Reads what {@code write()} or {@code save(path)} wrote. */
  public static FocalLossClassificationModel load(String path) {
    return read().load(path);
  }

  /** A reader of saved models. */
  public static MLReader<FocalLossClassificationModel> read() {
    return new ModelReader();
  }
}
