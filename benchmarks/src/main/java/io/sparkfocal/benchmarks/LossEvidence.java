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
import ml.dmlc.xgboost4j.scala.spark.XGBoostClassifier;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Every loss, the loss search and XGBoost4J-Spark on the Shuttle data and on a mixture of Gaussians
 * whose best classifier is known: one table each, over seeds fixed here.
 */
public final class LossEvidence {

  private static final long[] SEEDS = {1, 2, 3};
  private static final int EPOCHS = 15;
  private static final int MIXTURE_ROWS = 40_000;
  private static final String TEST = "is_test";
  private static final String VALIDATION = "is_validation";
  private static final String FEATURES = "features";

  /** Rows to train on, with a validation column, and rows to judge by. */
  private record Part(String label, Dataset<Row> training, Dataset<Row> test) {}

  private final Map<String, List<Quality>> results = new LinkedHashMap<>();

  private LossEvidence() {}

  /** Takes the path of the Shuttle data, and mixture or shuttle for one of the tables. */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("Spark Focal loss evidence")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .getOrCreate()) {
      List<String> tables = List.of(arguments).subList(1, arguments.length);
      if (tables.isEmpty() || tables.contains("mixture")) {
        LossEvidence mixture = new LossEvidence();
        for (long seed : SEEDS) {
          mixture.mixture(spark, seed);
        }
        mixture.print(
            String.format(
                Locale.ROOT, "Mixture of Gaussians, %,d rows, rarest class 0.2 %%", MIXTURE_ROWS));
        mixture.conclude("evidence-mixture");
      }
      if (tables.isEmpty() || tables.contains("shuttle")) {
        LossEvidence shuttle = new LossEvidence();
        LabelledTable table = LabelledTable.read(spark, arguments[0], "Class");
        for (long seed : SEEDS) {
          shuttle.shuttle(table, seed);
        }
        shuttle.print("Shuttle");
        shuttle.conclude("evidence-shuttle");
      }
    }
  }

  /** Macro recall of the loss search over that of XGBoost. */
  private void conclude(String name) {
    double theirs = mean("XGBoost", Quality::macroRecall);
    System.out.printf(
        Locale.ROOT,
        "bench %s ratio=%.4f spread=%.4f..%.4f%n",
        name,
        mean("loss search", Quality::macroRecall) / theirs,
        least("loss search") / theirs,
        most("loss search") / theirs);
  }

  private void mixture(SparkSession spark, long seed) {
    Mixture drawn = new Mixture(MIXTURE_ROWS, seed);
    add("best possible, balanced classes", drawn.optimum(true));
    add("best possible, true frequencies", drawn.optimum(false));
    Dataset<Row> rows = drawn.rows(spark);
    Part part =
        new Part(
            Mixture.LABEL,
            rows.where("not " + TEST).drop(TEST).cache(),
            rows.where(TEST).drop(TEST, VALIDATION).cache());
    tryAll(part, seed);
    rows.unpersist();
  }

  private void shuttle(LabelledTable table, long seed) {
    try (StratifiedSplit split = StratifiedSplit.of(table, seed)) {
      VectorAssembler assembler =
          new VectorAssembler()
              .setInputCols(table.features().toArray(String[]::new))
              .setOutputCol(FEATURES);
      Part part =
          new Part(
              LabelledTable.CLASS,
              assembler.transform(split.training()).cache(),
              assembler.transform(split.test()).cache());
      tryAll(part, seed);
    }
  }

  private void tryAll(Part part, long seed) {
    part.training().count();
    part.test().count();
    add("cross entropy, no class weights", ours(part, seed, "crossEntropy", "none"));
    for (String loss : LossCatalogue.names()) {
      String alpha = LossCatalogue.balances(loss) ? "none" : "balanced";
      add(loss + (alpha.equals("none") ? "" : ", balanced"), ours(part, seed, loss, alpha));
    }
    add("focal, no class weights", ours(part, seed, "focal", "none"));
    FocalLossClassifier search = classifier(part, seed).setLossSearch();
    add("loss search", timed(search, part));
    add("XGBoost", xgboost(part, seed, false));
    add("XGBoost, balanced", xgboost(part, seed, true));
    part.training().unpersist();
    part.test().unpersist();
  }

  private static FocalLossClassifier classifier(Part part, long seed) {
    return new FocalLossClassifier()
        .setLabelCol(part.label())
        .setNetwork("mlp")
        .setValidationIndicatorCol(VALIDATION)
        .setMaxIter(EPOCHS)
        .setNumWorkers(2)
        .setSeed(seed);
  }

  private static Quality ours(Part part, long seed, String loss, String alpha) {
    return timed(classifier(part, seed).setLoss(loss).setAlpha(alpha), part);
  }

  private static Quality timed(FocalLossClassifier classifier, Part part) {
    long start = System.nanoTime();
    FocalLossClassificationModel model = classifier.fit(part.training());
    double seconds = (System.nanoTime() - start) / 1e9;
    if (classifier.getLossSearch().length > 0) {
      System.err.println("  picked " + model.summary().orElseThrow().loss());
    }
    return Quality.of(model.transform(part.test()), part.label(), seconds);
  }

  /** The defaults of 100 rounds of depth 6; trains on the validation rows too. */
  private static Quality xgboost(Part part, long seed, boolean balanced) {
    Dataset<Row> rows = part.training().drop(VALIDATION);
    // Its setters return a type that cannot be chained from Java.
    XGBoostClassifier classifier = new XGBoostClassifier();
    classifier.setFeaturesCol(FEATURES);
    classifier.setLabelCol(part.label());
    classifier.setObjective("multi:softprob");
    classifier.setNumClass(classes(rows, part.label()));
    classifier.setNumRound(100);
    classifier.setNumWorkers(2);
    classifier.setSeed(seed);
    if (balanced) {
      rows = withBalancedWeight(rows, part.label());
      classifier.setWeightCol("balanced_weight");
    }
    long start = System.nanoTime();
    var model = classifier.fit(rows);
    double seconds = (System.nanoTime() - start) / 1e9;
    return Quality.of(model.transform(part.test()), part.label(), seconds);
  }

  private static int classes(Dataset<Row> rows, String label) {
    return 1 + (int) rows.select(functions.max(label)).first().getDouble(0);
  }

  private static Dataset<Row> withBalancedWeight(Dataset<Row> rows, String label) {
    Dataset<Row> counts = rows.groupBy(label).count();
    double all = (double) rows.count();
    double classes = (double) counts.count();
    return rows.join(
        functions.broadcast(
            counts.select(
                functions.col(label),
                functions.lit(all / classes).divide(functions.col("count")).as("balanced_weight"))),
        label);
  }

  private void add(String name, Quality quality) {
    System.err.printf(
        Locale.ROOT,
        "%-34s macro recall %.4f, %.1f s%n",
        name,
        quality.macroRecall(),
        quality.seconds());
    results.computeIfAbsent(name, n -> new ArrayList<>()).add(quality);
  }

  private void print(String title) {
    System.out.printf(
        Locale.ROOT, "%n%s; mean ± standard deviation over %d seeds%n%n", title, SEEDS.length);
    System.out.println("| | macro recall | macro PR-AUC | ECE | seconds |");
    System.out.println("|-|-|-|-|-|");
    results.keySet().stream()
        .sorted(
            (a, b) -> Double.compare(mean(b, Quality::macroRecall), mean(a, Quality::macroRecall)))
        .forEach(
            name ->
                System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %s | %s | %.1f |%n",
                    name,
                    spread(name, Quality::macroRecall),
                    spread(name, Quality::areaUnderPr),
                    spread(name, Quality::calibrationError),
                    mean(name, Quality::seconds)));
    System.out.println();
  }

  private double[] values(String name, ToDoubleFunction<Quality> measure) {
    return Objects.requireNonNull(results.get(name)).stream().mapToDouble(measure).toArray();
  }

  private double mean(String name, ToDoubleFunction<Quality> measure) {
    return Arrays.stream(values(name, measure)).average().orElse(Double.NaN);
  }

  private double least(String name) {
    return Arrays.stream(values(name, Quality::macroRecall)).min().orElse(Double.NaN);
  }

  private double most(String name) {
    return Arrays.stream(values(name, Quality::macroRecall)).max().orElse(Double.NaN);
  }

  private String spread(String name, ToDoubleFunction<Quality> measure) {
    double[] values = values(name, measure);
    double mean = mean(name, measure);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return String.format(
        Locale.ROOT, "%.3f ± %.3f", mean, Math.sqrt(squares / Math.max(1, values.length - 1)));
  }
}
