package io.sparkfocal.benchmarks;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.examples.tables.StratifiedSplit;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import ml.dmlc.xgboost4j.scala.spark.XGBoostClassifier;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * Untouched defaults beside XGBoost4J-Spark on tables with numbers, texts and gaps: the same
 * splits, macro PR-AUC (of class 1 where there are two), log loss and seconds on rows that neither
 * saw.
 */
public final class TablesQuality {

  private static final double VALIDATION_SHARE = 0.2;
  private static final double SHUTTLE_RATE = 0.3;
  private static final double RATE = 0.1;
  private static final String RANKS = "ranks";
  private static final String OURS = "Spark Focal, defaults";
  private static final String CATEGORIES = "XGBoost, texts as categories";
  private static final String NUMBERS = "XGBoost, texts as numbers";

  private final Map<String, List<Quality>> results = new LinkedHashMap<>();

  private TablesQuality() {}

  /**
   * Takes the folder of the data, and names of tables and seeds, where not all are wanted; with
   * {@code ranks} our defaults on 1, 2, 4 and 8 ranks are compared with each other.
   */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    List<String> wanted = List.of(arguments).subList(1, arguments.length);
    long[] seeds =
        wanted.stream().filter(text -> text.matches("\\d+")).mapToLong(Long::parseLong).toArray();
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("spam", "type");
    labels.put("shuttle", "Class");
    labels.put("flights", "late");
    if (wanted.stream().anyMatch(labels::containsKey)) {
      labels.keySet().retainAll(wanted);
    }
    try (SparkSession spark =
        SparkSession.builder()
            .master(wanted.contains(RANKS) ? "local[8]" : "local[2]")
            .appName("Spark Focal tables")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .getOrCreate()) {
      labels.forEach(
          (name, label) -> {
            LabelledTable table =
                LabelledTable.read(spark, arguments[0] + "/" + name + ".csv.gz", label);
            TablesQuality quality = new TablesQuality();
            for (long seed : seeds.length == 0 ? new long[] {1, 2, 3, 4, 5} : seeds) {
              if (wanted.contains(RANKS)) {
                quality.compareRanks(table, seed);
              } else {
                quality.compare(table, name, seed);
              }
            }
            quality.print(name);
            quality.conclude(name, wanted.contains(RANKS) ? ofRanks(8) : CATEGORIES);
          });
    }
  }

  private void compare(LabelledTable table, String name, long seed) {
    try (StratifiedSplit split = StratifiedSplit.of(table, seed, VALIDATION_SHARE)) {
      Dataset<Row> training = split.training().cache();
      Dataset<Row> test = split.test().cache();
      training.count();
      test.count();
      add(OURS, seed, ours(table, training, test, seed, 0));
      boolean hasTexts = !texts(table).isEmpty();
      double rate = name.equals("shuttle") ? SHUTTLE_RATE : RATE;
      add(CATEGORIES, seed, xgboost(table, training, test, seed, rate, true));
      if (hasTexts) {
        add(NUMBERS, seed, xgboost(table, training, test, seed, rate, false));
      }
      training.unpersist();
      test.unpersist();
    }
  }

  private void compareRanks(LabelledTable table, long seed) {
    try (StratifiedSplit split = StratifiedSplit.of(table, seed, VALIDATION_SHARE)) {
      Dataset<Row> training = split.training().cache();
      Dataset<Row> test = split.test().cache();
      for (int ranks : new int[] {1, 2, 4, 8}) {
        add(ranks == 1 ? OURS : ofRanks(ranks), seed, ours(table, training, test, seed, ranks));
      }
      training.unpersist();
      test.unpersist();
    }
  }

  private static String ofRanks(int ranks) {
    return "the same on " + ranks + " ranks";
  }

  private static Quality ours(
      LabelledTable table, Dataset<Row> training, Dataset<Row> test, long seed, int ranks) {
    FocalLossClassifier classifier =
        new FocalLossClassifier()
            .setFeaturesCols(table.features().toArray(String[]::new))
            .setLabelCol(LabelledTable.CLASS)
            .setValidationIndicatorCol(StratifiedSplit.VALIDATION)
            .setNumWorkers(ranks)
            .setSeed(seed);
    long start = System.nanoTime();
    var model = classifier.fit(training);
    double seconds = (System.nanoTime() - start) / 1e9;
    var summary = model.summary();
    System.err.printf(
        Locale.ROOT,
        "  best epoch %d of %d, %.0f rows/s%n",
        summary.bestEpoch(),
        summary.epochs().size(),
        summary.rowsPerSecond());
    return Quality.of(model.transform(test), LabelledTable.CLASS, seconds);
  }

  private static List<String> texts(LabelledTable table) {
    return table.features().stream()
        .filter(f -> table.rows().schema().apply(f).dataType().equals(DataTypes.StringType))
        .toList();
  }

  private static Quality xgboost(
      LabelledTable table,
      Dataset<Row> training,
      Dataset<Row> test,
      long seed,
      double rate,
      boolean categories) {
    List<String> texts = texts(table);
    List<PipelineStage> stages = new ArrayList<>();
    String[] inputs =
        table.features().stream()
            .map(f -> texts.contains(f) ? f + "_index" : f)
            .toArray(String[]::new);
    if (!texts.isEmpty()) {
      stages.add(
          new StringIndexer()
              .setInputCols(texts.toArray(String[]::new))
              .setOutputCols(texts.stream().map(t -> t + "_index").toArray(String[]::new))
              .setHandleInvalid("keep"));
    }
    stages.add(
        new VectorAssembler()
            .setInputCols(inputs)
            .setOutputCol("features")
            .setHandleInvalid("keep"));
    PipelineModel pipeline =
        new Pipeline().setStages(stages.toArray(PipelineStage[]::new)).fit(training);
    Dataset<Row> rows = dense(pipeline.transform(training)).cache();
    Dataset<Row> judged = dense(pipeline.transform(test)).cache();
    rows.count();
    judged.count();
    XGBoostClassifier classifier = new XGBoostClassifier();
    classifier.setFeaturesCol("features");
    classifier.setLabelCol(LabelledTable.CLASS);
    if (table.classes().size() > 2) {
      classifier.setObjective("multi:softprob");
      classifier.setNumClass(table.classes().size());
      classifier.setEvalMetric("mlogloss");
    } else {
      classifier.setObjective("binary:logistic");
      classifier.setEvalMetric("logloss");
    }
    if (categories) {
      classifier.setFeatureTypes(
          Arrays.stream(inputs)
              .map(i -> i.endsWith("_index") ? "c" : "float")
              .toArray(String[]::new));
    }
    classifier.setEta(rate);
    classifier.setMaxDepth(6);
    classifier.setNumRound(1000);
    classifier.setNumEarlyStoppingRounds(50);
    classifier.setNumWorkers(2);
    classifier.setMissing(Float.NaN);
    classifier.setSeed(seed);
    classifier.setEvalDataset(rows.where(functions.col(StratifiedSplit.VALIDATION)));
    long start = System.nanoTime();
    var model =
        classifier.fit(rows.where(functions.not(functions.col(StratifiedSplit.VALIDATION))));
    double seconds = (System.nanoTime() - start) / 1e9;
    Quality quality = Quality.of(model.transform(judged), LabelledTable.CLASS, seconds);
    rows.unpersist();
    judged.unpersist();
    return quality;
  }

  /** XGBoost scores a sparse vector's zeros as missing, though it does not train so. */
  private static Dataset<Row> dense(Dataset<Row> rows) {
    return rows.withColumn(
        "features",
        org.apache.spark.ml.functions.array_to_vector(
            org.apache.spark.ml.functions.vector_to_array(functions.col("features"), "float64")));
  }

  private void add(String who, long seed, Quality quality) {
    results.computeIfAbsent(who, w -> new ArrayList<>()).add(quality);
    System.err.printf(
        Locale.ROOT,
        "%-30s seed %d: PR-AUC %.4f, log loss %.5f, %.1f s%n",
        who,
        seed,
        quality.headArea(),
        quality.logLoss(),
        quality.seconds());
  }

  private void print(String name) {
    System.out.println();
    System.out.println("| " + name + " | PR-AUC | log loss | calibration error | s |");
    System.out.println("|-|-|-|-|-|");
    results.forEach(
        (who, all) ->
            System.out.printf(
                Locale.ROOT,
                "| %s | %s | %s | %s | %.0f |%n",
                who,
                spread(all, Quality::headArea, "%.4f ± %.4f"),
                spread(all, Quality::logLoss, "%.5f ± %.5f"),
                spread(all, Quality::calibrationError, "%.4f ± %.4f"),
                all.stream().mapToDouble(Quality::seconds).average().orElse(0)));
  }

  /** Log loss of others over ours. */
  private void conclude(String name, String others) {
    List<Quality> ours = results.get(OURS);
    List<Quality> theirs = results.get(others);
    long wins = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (int i = 0; i < ours.size(); i++) {
      double ratio = theirs.get(i).logLoss() / ours.get(i).logLoss();
      least = Math.min(least, ratio);
      most = Math.max(most, ratio);
      wins += ours.get(i).headArea() > theirs.get(i).headArea() ? 1 : 0;
    }
    System.out.printf(
        Locale.ROOT,
        "PR-AUC higher in %d of %d pairs%nbench tables-%s ratio=%.4f spread=%.4f..%.4f%n",
        wins,
        ours.size(),
        name,
        mean(theirs, Quality::logLoss) / mean(ours, Quality::logLoss),
        least,
        most);
  }

  private static String spread(List<Quality> all, ToDoubleFunction<Quality> of, String format) {
    double mean = mean(all, of);
    double squares = all.stream().mapToDouble(of).map(v -> (v - mean) * (v - mean)).sum();
    return String.format(
        Locale.ROOT, format, mean, Math.sqrt(squares / Math.max(1, all.size() - 1)));
  }

  private static double mean(List<Quality> all, ToDoubleFunction<Quality> of) {
    return all.stream().mapToDouble(of).average().orElse(Double.NaN);
  }
}
