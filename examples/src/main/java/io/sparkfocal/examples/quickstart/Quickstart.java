package io.sparkfocal.examples.quickstart;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.examples.tables.StratifiedSplit;
import io.sparkfocal.ml.FocalLossClassificationModel;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;

/**
 * Trains on a CSV or Parquet file and prints how well each class is recognised.
 *
 * <p>Without {@code --input} it compares three losses on flights from New York, of which 2.9 % were
 * late, or on the Shuttle data. Either way the last model is saved, loaded in a fresh JVM and
 * scored again there. {@code bin/quickstart} submits it.
 */
public final class Quickstart {

  /** Seeds of the comparison: each decides split, initial weights and order of rows. */
  static final List<Long> SEEDS = List.of(1L);

  private Quickstart() {}

  /** Runs as a Spark application; see {@link QuickstartOptions}. */
  public static void main(String[] arguments) throws Exception {
    Locale.setDefault(Locale.ROOT);
    QuickstartOptions options = QuickstartOptions.parse(arguments);
    try (SparkSession spark =
        SparkSession.builder().appName("Spark Focal quickstart").getOrCreate()) {
      String result = options.compares() ? compare(spark, options) : trainOnce(spark, options);
      System.out.println(result);
    } catch (IllegalArgumentException e) {
      System.err.println("quickstart: " + e.getMessage());
      System.exit(2);
    }
  }

  private static String compare(SparkSession spark, QuickstartOptions options) throws Exception {
    LabelledTable table = LabelledTable.read(spark, options.input(), options.label());
    System.out.printf(Locale.ROOT, "%s: %s%n%n", options.data(), table.describe());
    List<Candidate> candidates = Candidate.COMPARED;
    ProgressPrinter progress =
        ProgressPrinter.listenTo(spark, candidates.size() * SEEDS.size() * options.epochs());
    LossComparison comparison = new LossComparison(table, options, progress);
    comparison.run(candidates, SEEDS);
    ScoreTable scores = comparison.scores();
    System.out.println();
    System.out.print(scores.render());
    String model = saveAndScoreAgain(comparison.lastModel(), comparison.lastSplit(), options);
    return String.format(
        Locale.ROOT,
        "quickstart ok data=%s pr_auc_ce=%.4f pr_auc_weighted_ce=%.4f pr_auc_focal=%.4f macro_recall_ce=%.4f macro_recall_weighted_ce=%.4f macro_recall_focal=%.4f workers=%d model=%s",
        options.data(),
        scores.meanArea(Candidate.CROSS_ENTROPY),
        scores.meanArea(Candidate.WEIGHTED_CROSS_ENTROPY),
        scores.meanArea(Candidate.FOCAL),
        scores.meanMacroRecall(Candidate.CROSS_ENTROPY),
        scores.meanMacroRecall(Candidate.WEIGHTED_CROSS_ENTROPY),
        scores.meanMacroRecall(Candidate.FOCAL),
        options.workers(),
        model);
  }

  private static String trainOnce(SparkSession spark, QuickstartOptions options) throws Exception {
    LabelledTable table = LabelledTable.read(spark, options.input(), options.label());
    System.out.printf(Locale.ROOT, "%s: %s%n%n", options.input(), table.describe());
    Candidate candidate = Candidate.named(options.loss());
    ProgressPrinter progress = ProgressPrinter.listenTo(spark, Math.max(1, options.epochs()));
    LossComparison comparison = new LossComparison(table, options, progress);
    comparison.run(List.of(candidate), List.of(options.seed()));
    System.out.println();
    System.out.print(comparison.scores().render());
    String model = saveAndScoreAgain(comparison.lastModel(), comparison.lastSplit(), options);
    return String.format(
        Locale.ROOT,
        "quickstart ok loss=%s pr_auc=%.4f macro_recall=%.4f workers=%d model=%s",
        candidate.name(),
        comparison.scores().meanArea(candidate),
        comparison.scores().meanMacroRecall(candidate),
        options.workers(),
        model);
  }

  private static String saveAndScoreAgain(
      FocalLossClassificationModel model, StratifiedSplit split, QuickstartOptions options)
      throws Exception {
    String modelPath = options.output() + "/model";
    String rowsPath = options.output() + "/scored-rows";
    model.write().overwrite().save(modelPath);
    model.transform(split.test()).write().mode("overwrite").parquet(rowsPath);
    System.out.printf(Locale.ROOT, "%nSaved the last model to %s.%n", modelPath);
    FreshJvm.run(ScoreAgain.class, List.of(modelPath, rowsPath));
    return modelPath;
  }
}
