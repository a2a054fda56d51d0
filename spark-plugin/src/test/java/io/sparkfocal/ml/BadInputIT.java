package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong input gets one sentence, before any stage starts where it can be known. */
@Timeout(180)
class BadInputIT {

  private SparkSession spark;
  private Dataset<Row> rows;
  private final AtomicInteger stages = new AtomicInteger();
  private final SparkListener stageCounter =
      new SparkListener() {
        @Override
        public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
          stages.incrementAndGet();
        }
      };

  @BeforeEach
  void startSpark() {
    spark = TestSpark.local();
    rows = Samples.rows(spark, 60);
    spark.sparkContext().addSparkListener(stageCounter);
  }

  @AfterEach
  void removeCounter() {
    spark.sparkContext().removeSparkListener(stageCounter);
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setHiddenLayers(8).setMaxIter(1);
  }

  private static void refuses(FocalLossClassifier classifier, Dataset<Row> input, String sentence) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> classifier.fit(input))
        .withMessage(sentence);
  }

  private void refusesBeforeAnyStage(
      FocalLossClassifier classifier, Dataset<Row> input, String sentence) throws Exception {
    refuses(classifier, input, sentence);
    spark.sparkContext().listenerBus().waitUntilEmpty();
    assertThat(stages).hasValue(0);
  }

  /** The rank that meets a bad row is named; which one it is depends on the row's partition. */
  private static void refusedByARank(Dataset<Row> input, String sentence) {
    refusedByARank(quick(), input, sentence);
  }

  private static void refusedByARank(
      FocalLossClassifier classifier, Dataset<Row> input, String sentence) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> classifier.fit(input))
        .satisfies(
            e -> assertThat(e.getMessage()).matches("Rank \\d of 3, host \\S+, executor \\S+: .*"))
        .satisfies(e -> assertThat(e.getMessage()).endsWith(sentence));
  }

  @Test
  void missingColumns() throws Exception {
    String columns = "does not exist; the columns are id, label, features, weight, held_out.";
    refusesBeforeAnyStage(
        quick().setFeaturesCol("x"), rows, "Column \"x\" (featuresCol) " + columns);
    refusesBeforeAnyStage(quick().setLabelCol("y"), rows, "Column \"y\" (labelCol) " + columns);
    refusesBeforeAnyStage(quick().setWeightCol("w"), rows, "Column \"w\" (weightCol) " + columns);
    refusesBeforeAnyStage(
        quick().setValidationIndicatorCol("v"),
        rows,
        "Column \"v\" (validationIndicatorCol) " + columns);
    refusesBeforeAnyStage(
        quick().setFeaturesCols("weight", "z"), rows, "Column \"z\" (featuresCols) " + columns);
  }

  @Test
  void columnsOfTheWrongType() throws Exception {
    refusesBeforeAnyStage(
        quick(),
        rows.withColumn("features", lit("text")),
        "Column \"features\" has type string; features must be a vector, an array of numbers, or several numeric columns named by featuresCols.");
    refusesBeforeAnyStage(
        quick(),
        rows.withColumn("label", lit("high")),
        "Column \"label\" (labelCol) has type string, but must be a number; index it with StringIndexer first.");
    refusesBeforeAnyStage(
        quick().setValidationIndicatorCol("id"),
        rows,
        "Column \"id\" (validationIndicatorCol) has type bigint, but must be boolean.");
    refusesBeforeAnyStage(
        quick(),
        rows.withColumn("probability", lit(1)),
        "Output column \"probability\" exists already; drop it or choose another name, an empty one for no such column.");
  }

  @ParameterizedTest
  @CsvSource({"-1", "1.5", "NaN", "1e9"})
  void labelsThatAreNoClassNumbers(String label) {
    Dataset<Row> bad = rows.withColumn("label", expr("if(id = 7, double('" + label + "'), label)"));
    refuses(
        quick(),
        bad,
        "Column \"label\" has the label %s; labels must be whole numbers from 0 to 99999, for instance from StringIndexer."
            .formatted(Double.parseDouble(label)));
  }

  @Test
  void nullLabels() {
    refuses(
        quick(),
        rows.withColumn("label", expr("if(id = 7, null, label)")),
        "Column \"label\" has a null label; drop or fill such rows before fit().");
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "-0.5 | -0.5",
        "double('NaN') | NaN",
        "double('Infinity') | Infinity",
        "null | null"
      },
      delimiter = '|')
  void weightsThatAreNone(String weight, String shown) {
    refuses(
        quick().setWeightCol("weight"),
        rows.withColumn("weight", expr("if(id = 7, " + weight + ", 1.0d)")),
        "Column \"weight\" has the weight %s; weights must be finite and at least 0."
            .formatted(shown));
  }

  @Test
  void weightsThatAreAllZero() {
    refuses(
        quick().setWeightCol("weight"),
        rows.withColumn("weight", lit(0)),
        "All 60 training rows have the weight 0; give those that count a positive weight.");
  }

  @Test
  void patienceWithoutValidationRows() throws Exception {
    refusesBeforeAnyStage(
        quick().setEarlyStoppingPatience(3),
        rows,
        "earlyStoppingPatience is 3, but no rows are for validation; set validationIndicatorCol, or earlyStoppingPatience to 0.");
  }

  @Test
  void thresholdsOfAnotherLength() {
    refuses(
        quick().setThresholds(0.5, 0.5),
        rows,
        "thresholds is [0.5, 0.5]; give one finite number of at least 0 for each of the 3 classes, at most one of them 0.");
  }

  @Test
  void aProviderWithAnotherNumberOfOutputs() {
    refusedByARank(
        quick().setNetwork(WideNetwork.class, Map.of()),
        rows,
        "Network provider \""
            + WideNetwork.class.getName()
            + "\" gives [(1, 4)] for one row, but must give (1, 3).");
  }

  /** Forgets that it was told how many outputs there are. */
  public static final class WideNetwork implements NetworkProvider {
    /** Made by name. */
    public WideNetwork() {}

    @Override
    public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
      return Linear.builder().setUnits(outputs + 1L).build();
    }
  }

  @Test
  void oneClassOnly() {
    refuses(
        quick(),
        rows.where("label = 1"),
        "All 18 training rows have the same label in column \"label\"; a classifier needs at least two classes.");
  }

  @Test
  void noRows() {
    refuses(
        quick(),
        rows.limit(0),
        "The dataset has no rows; give fit() at least one row of each of two classes.");
    refuses(
        quick().setValidationIndicatorCol("held_out"),
        rows.withColumn("held_out", lit(true)),
        "All 60 rows are validation rows; give fit() rows to train on.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"NaN", "Infinity", "1e300"})
  void featuresThatAreNotFinite(String value) {
    double number = Double.parseDouble(value);
    String remedy = "features must be finite float32 numbers: drop, fill or scale such rows first.";
    UnaryOperator<String> badSecond =
        type -> "if(id = 7, array(1, double('" + value + "'), 3, 4), array(1, 2, 3, 4))";
    refusedByARank(
        rows.withColumn("features", expr(badSecond.apply("double"))),
        "Column \"features\" has, at index 1, the feature " + number + "; " + remedy);
    refusedByARank(
        quick().setFeaturesCols("weight", "second"),
        rows.withColumn("second", expr("if(id = 7, double('" + value + "'), 0)")),
        "Column \"second\" has the feature " + number + "; " + remedy);
  }

  @Test
  void nullFeatures() {
    String remedy = "drop or fill such rows first.";
    refusedByARank(
        rows.withColumn("features", expr("if(id = 7, null, features)")),
        "Column \"features\" has a null feature; " + remedy);
    refusedByARank(
        rows.withColumn("features", expr("array(1, if(id = 7, null, 2.5d))")),
        "Column \"features\" has a null feature; " + remedy);
    refusedByARank(
        quick().setFeaturesCols("weight", "second"),
        rows.withColumn("second", expr("if(id = 7, null, 1)")),
        "Column \"second\" has a null feature; " + remedy);
  }

  @Test
  void vectorsOfAnotherSize() {
    refusedByARank(
        rows.withColumn("features", expr("if(id = 7, array(1d, 2d), array(1d, 2d, 3d))")),
        "Column \"features\" has a row with 2 features where 3 are expected; give every row the same number, in transform() as in fit().");
  }

  @Test
  void moreWorkersThanSlots() throws Exception {
    refusesBeforeAnyStage(
        quick().setNumWorkers(4),
        rows,
        "numWorkers is 4, but the cluster has 3 task slots; lower numWorkers, add executors or cores, or raise spark.focal.slots.timeout.");
  }

  @Test
  void aGpuThatSparkDoesNotGive() throws Exception {
    refusesBeforeAnyStage(
        quick().setDevice("gpu"),
        rows,
        "device is gpu, but Spark gives its tasks none (spark.task.resource.gpu.amount is not set); set it and spark.executor.resource.gpu.amount as in conf/spark-defaults-gpu.conf, or choose device cpu.");
  }

  @Test
  void paramsOutOfRangeAreRefusedWhenTheyAreSet() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLearningRate(0))
        .withMessage("learningRate is 0.0; it must be a finite number above 0.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setHiddenLayers(8, 0))
        .withMessage("hiddenLayers is [8, 0]; it must be widths of at least 1 each.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setDropout(1))
        .withMessage("dropout is 1.0; it must be from 0 to below 1.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLoss("hinge"))
        .withMessageStartingWith("Unknown loss \"hinge\"; choose crossEntropy, focal, ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setOptimizer("lbfgs"))
        .withMessage("Unknown optimizer \"lbfgs\"; choose adamW or sgd.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setDevice("tpu"))
        .withMessage("Unknown device \"tpu\"; choose auto, cpu or gpu.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setAlpha("often"))
        .withMessageContaining("it must be auto, none, balanced, class-balanced(BETA)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setNetworkArguments("width"))
        .withMessage("networkArguments is [width]; it must be texts of the form name=value.");
  }

  @Test
  void alphaOfAnotherLength() {
    refuses(
        quick().setAlpha(1, 2),
        rows,
        "alpha has 2 numbers ([1.0, 2.0]), but there are 3 classes; give one per class.");
  }

  @Test
  void aProviderThatIsNotThere() throws Exception {
    refusesBeforeAnyStage(
        quick().setNetworkProvider("org.example.Nowhere"),
        rows,
        "Network provider \"org.example.Nowhere\" is not on the class path; add its jar with --jars.");
    refuses(
        quick().setNetworkProvider("java.lang.String"),
        rows,
        "Network provider \"java.lang.String\" does not implement io.sparkfocal.network.NetworkProvider.");
  }
}
