package io.sparkfocal.benchmarks;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.examples.tables.StratifiedSplit;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.functions;
import org.jspecify.annotations.Nullable;

/**
 * Every loss with the same network, the default one, on three imbalanced tables: the flights,
 * digits with a long tail, and a mixture of Gaussians whose best classifier is known. Probabilities
 * have a temperature and thresholds for F1, both from validation rows.
 */
public final class LossEvidence {

  private static final int FEW_SEEDS = 2;
  private static final int SEEDS = 3;

  /** Of the two larger tables, where the default is 20. */
  private static final int EPOCHS = 4;

  private static final int MIXTURE_ROWS = 40_000;

  /** Digits of the most frequent class to train on, and how many times as rare the last one is. */
  private static final int MOST_DIGITS = 100;

  private static final double TAIL = 20;
  private static final int TEST_DIGITS = 50;
  private static final int DIGITS = 10;
  private static final String TEST = "is_test";
  private static final String PLACE = "place_in_class";
  private static final String CROSS_ENTROPY = "crossEntropy";
  private static final String FOCAL = "focal";

  /**
   * What is trained on and judged by.
   *
   * @param epochs 0 for the default
   * @param best of the best classifier that there is, where it is known
   */
  private record Part(
      String label,
      String[] features,
      Dataset<Row> training,
      Dataset<Row> test,
      int epochs,
      @Nullable Quality best) {}

  /**
   * Of one model.
   *
   * @param calibrated by its temperature, with predictions by thresholds
   * @param calibrationError without the temperature
   */
  private record Result(Quality calibrated, double calibrationError) {

    double area() {
      return calibrated.headArea();
    }

    double recall() {
      return calibrated.headRecall();
    }

    double calibratedError() {
      return calibrated.calibrationError();
    }

    double logLoss() {
      return calibrated.logLoss();
    }
  }

  private final Map<String, List<Result>> results = new LinkedHashMap<>();

  private LossEvidence() {}

  /** Takes the folder of the data, and flights, digits or mixture where not all are wanted. */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    List<String> wanted = List.of(arguments).subList(1, arguments.length);
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("Spark Focal loss evidence")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .getOrCreate()) {
      for (String name : wanted.isEmpty() ? List.of("digits", "mixture", "flights") : wanted) {
        LossEvidence evidence = new LossEvidence();
        int seeds = name.equals("digits") ? SEEDS : FEW_SEEDS;
        for (long seed = 1; seed <= seeds; seed++) {
          evidence.tryAll(part(spark, arguments[0], name, seed), seed);
        }
        evidence.print(name, seeds);
      }
    }
  }

  private static Part part(SparkSession spark, String data, String name, long seed) {
    return switch (name) {
      case "flights" -> flights(spark, data, seed);
      case "digits" -> digits(spark, data, seed);
      case "mixture" -> mixture(spark, seed);
      default ->
          throw new IllegalArgumentException(
              "\"%s\" is no table; choose flights, digits or mixture.".formatted(name));
    };
  }

  private static Part flights(SparkSession spark, String data, long seed) {
    LabelledTable table = LabelledTable.read(spark, data + "/flights.csv.gz", "late");
    StratifiedSplit split = StratifiedSplit.of(table, seed);
    return new Part(
        LabelledTable.CLASS,
        table.features().toArray(String[]::new),
        split.training(),
        split.test(),
        EPOCHS,
        null);
  }

  /** Which digit is rare depends on the seed; the rows of the test are as many of each. */
  private static Part digits(SparkSession spark, String data, long seed) {
    LabelledTable table = LabelledTable.read(spark, data + "/digits.csv.gz", "digit");
    Column[] all = Arrays.stream(table.rows().columns()).map(functions::col).toArray(Column[]::new);
    Column rank = functions.pmod(functions.col(LabelledTable.CLASS).plus(seed), functions.lit(10));
    Column size =
        functions.round(
            functions.pow(functions.lit(1 / TAIL), rank.divide(DIGITS - 1)).multiply(MOST_DIGITS));
    Column place = functions.col(PLACE).minus(TEST_DIGITS);
    Column held = functions.ceil(size.divide(4));
    Dataset<Row> rows =
        table
            .rows()
            .withColumn(
                PLACE,
                functions
                    .row_number()
                    .over(
                        Window.partitionBy(LabelledTable.CLASS)
                            .orderBy(
                                functions.xxhash64(functions.array(all), functions.lit(seed)))))
            .withColumn(TEST, place.leq(0))
            .withColumn(StratifiedSplit.VALIDATION, place.leq(held))
            .where(place.leq(held.plus(size)));
    return new Part(
        LabelledTable.CLASS,
        table.features().toArray(String[]::new),
        rows.where(functions.not(functions.col(TEST))).drop(TEST, PLACE),
        rows.where(TEST).drop(TEST, PLACE, StratifiedSplit.VALIDATION),
        0,
        null);
  }

  private static Part mixture(SparkSession spark, long seed) {
    Mixture drawn = new Mixture(MIXTURE_ROWS, seed);
    Dataset<Row> rows = drawn.rows(spark);
    return new Part(
        Mixture.LABEL,
        new String[] {"features"},
        rows.where(functions.not(functions.col(TEST))).drop(TEST),
        rows.where(TEST).drop(TEST, StratifiedSplit.VALIDATION),
        EPOCHS,
        drawn.optimum());
  }

  private void tryAll(Part given, long seed) {
    Part part =
        new Part(
            given.label(),
            given.features(),
            given.training().cache(),
            given.test().cache(),
            given.epochs(),
            given.best());
    part.training().count();
    part.test().count();
    Quality best = part.best();
    if (best != null) {
      add("best possible", new Result(best, best.calibrationError()));
    }
    for (String loss : LossCatalogue.names()) {
      add(loss, result(part, seed, loss, "none"));
    }
    for (String loss : List.of(CROSS_ENTROPY, FOCAL)) {
      add(loss + ", balanced", result(part, seed, loss, "balanced"));
    }
    part.training().unpersist();
    part.test().unpersist();
  }

  private static Result result(Part part, long seed, String loss, String alpha) {
    FocalLossClassifier classifier =
        new FocalLossClassifier()
            .setFeaturesCols(part.features())
            .setLabelCol(part.label())
            .setValidationIndicatorCol(StratifiedSplit.VALIDATION)
            .setMaxIter(part.epochs())
            .setNumWorkers(2)
            .setSeed(seed)
            .setLoss(loss)
            .setAlpha(alpha)
            .setCalibration("temperature")
            .setThresholdTuning("f1");
    long start = System.nanoTime();
    FocalLossClassificationModel model = classifier.fit(part.training());
    double seconds = (System.nanoTime() - start) / 1e9;
    Dataset<Row> scored = model.transform(part.test());
    return new Result(
        Quality.of(scored, part.label(), seconds),
        Quality.at(scored, part.label(), model.temperature()).calibrationError());
  }

  private void add(String name, Result result) {
    System.err.printf(
        Locale.ROOT,
        "%-24s PR-AUC %.4f, recall %.3f, log loss %.5f, calibration error %.4f, %.4f before, %.1f s%n",
        name,
        result.area(),
        result.recall(),
        result.logLoss(),
        result.calibratedError(),
        result.calibrationError(),
        result.calibrated().seconds());
    results.computeIfAbsent(name, n -> new ArrayList<>()).add(result);
  }

  private void print(String title, int seeds) {
    System.out.printf(
        Locale.ROOT, "%n%s; mean ± standard deviation over %d seeds%n%n", title, seeds);
    System.out.println(
        "| | PR-AUC | recall at the tuned threshold | log loss | calibration error | before temperature |");
    System.out.println("|-|-|-|-|-|-|");
    results.keySet().stream()
        .sorted((a, b) -> Double.compare(mean(b, Result::area), mean(a, Result::area)))
        .forEach(
            name ->
                System.out.printf(
                    "| %s | %s | %s | %s | %s | %s |%n",
                    name,
                    spread(name, Result::area),
                    spread(name, Result::recall),
                    spread(name, Result::logLoss),
                    spread(name, Result::calibratedError),
                    spread(name, Result::calibrationError)));
    double[] focal = values(FOCAL, Result::area);
    double[] plain = values(CROSS_ENTROPY, Result::area);
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (int i = 0; i < focal.length; i++) {
      least = Math.min(least, focal[i] / plain[i]);
      most = Math.max(most, focal[i] / plain[i]);
    }
    System.out.printf(
        Locale.ROOT,
        "%nbench evidence-%s ratio=%.4f spread=%.4f..%.4f%n",
        title,
        mean(FOCAL, Result::area) / mean(CROSS_ENTROPY, Result::area),
        least,
        most);
  }

  private double[] values(String name, ToDoubleFunction<Result> measure) {
    return Objects.requireNonNull(results.get(name)).stream().mapToDouble(measure).toArray();
  }

  private double mean(String name, ToDoubleFunction<Result> measure) {
    return Arrays.stream(values(name, measure)).average().orElse(Double.NaN);
  }

  private String spread(String name, ToDoubleFunction<Result> measure) {
    double[] values = values(name, measure);
    double mean = mean(name, measure);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return String.format(
        Locale.ROOT, "%.3f ± %.3f", mean, Math.sqrt(squares / Math.max(1, values.length - 1)));
  }
}
