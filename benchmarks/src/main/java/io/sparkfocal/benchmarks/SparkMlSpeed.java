package io.sparkfocal.benchmarks;

import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Supplier;
import ml.dmlc.xgboost4j.scala.spark.XGBoostClassifier;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.ml.functions$;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Time to the validation log loss (to 1 %) that MLlib's MultilayerPerceptronClassifier reaches,
 * rows scored per second beside it, and XGBoost4J-Spark on the same rows.
 */
public final class SparkMlSpeed {

  private static final int TRAINING_ROWS = 200_000;
  private static final int TEST_ROWS = 50_000;
  private static final int SCORED_ROWS = 1_000_000;
  private static final int[] HIDDEN = {64, 64};
  private static final int[] EPOCHS = {3, 5, 8, 12, 16};
  private static final int PAIRS = 2;
  private static final int SCORING_PAIRS = 7;
  private static final double LEAST = 1e-15;

  /** Losses of the same fit with another seed differ by more. */
  private static final double AS_GOOD = 1.01;

  private record Fitted(Transformer model, double seconds, double logLoss) {}

  private final Dataset<Row> training;
  private final Dataset<Row> test;

  private SparkMlSpeed(SparkSession spark) {
    training = MadeUpTable.withVector(MadeUpTable.of(spark, TRAINING_ROWS, 11)).cache();
    test = MadeUpTable.withVector(MadeUpTable.of(spark, TEST_ROWS, 99)).cache();
    training.count();
    test.count();
  }

  /** Takes no arguments. */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("Spark Focal beside Spark ML")
            .config("spark.ui.enabled", false)
            .getOrCreate()) {
      new SparkMlSpeed(spark).run(spark);
    }
  }

  private void run(SparkSession spark) {
    Pairs training = new Pairs();
    Fitted ours = null;
    Fitted theirs = null;
    for (int pair = 0; pair < PAIRS; pair++) {
      long seed = pair + 10;
      theirs = fitted(() -> mllib(seed));
      ours = asGood(theirs.logLoss(), seed);
      System.out.printf(
          Locale.ROOT,
          "MLlib %.1f s, log loss %.4f; ours %.1f s, %.4f%n",
          theirs.seconds(),
          theirs.logLoss(),
          ours.seconds(),
          ours.logLoss());
      training.times(ours.seconds(), theirs.seconds());
    }
    Fitted trees = fitted(this::xgboost);
    System.out.printf(
        Locale.ROOT,
        "XGBoost4J-Spark, 100 rounds: %.1f s, log loss %.4f%n",
        trees.seconds(),
        trees.logLoss());
    training.print("mllib");
    score(ours.model(), theirs.model(), spark);
  }

  private static void score(Transformer ours, Transformer theirs, SparkSession spark) {
    Dataset<Row> rows = MadeUpTable.withVector(MadeUpTable.of(spark, SCORED_ROWS, 5)).cache();
    rows.count();
    Pairs scoring = new Pairs();
    for (int pair = -2; pair < SCORING_PAIRS; pair++) {
      double our = scored(ours, rows);
      double their = scored(theirs, rows);
      if (pair >= 0) {
        scoring.rates(our, their);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "scoring: ours %,.0f rows/s, MLlib %,.0f rows/s%n",
        scoring.ours(),
        scoring.theirs());
    scoring.print("scoring");
  }

  private static double scored(Transformer model, Dataset<Row> rows) {
    long start = System.nanoTime();
    model.transform(rows).write().format("noop").mode("overwrite").save();
    return SCORED_ROWS / ((System.nanoTime() - start) / 1e9);
  }

  /** The fit of fewest epochs that is as good, to 1 %. */
  private Fitted asGood(double logLoss, long seed) {
    Fitted last = null;
    for (int epochs : EPOCHS) {
      last = fitted(() -> ours(epochs, seed));
      if (last.logLoss() <= AS_GOOD * logLoss) {
        return last;
      }
    }
    throw new IllegalStateException(
        String.format(
            Locale.ROOT,
            "Log loss %.4f after %d epochs, not %.4f.",
            last.logLoss(),
            EPOCHS[EPOCHS.length - 1],
            logLoss));
  }

  private Fitted fitted(Supplier<Transformer> fit) {
    long start = System.nanoTime();
    Transformer model = fit.get();
    double seconds = (System.nanoTime() - start) / 1e9;
    Column probability =
        functions.element_at(
            functions$.MODULE$.vector_to_array(functions.col("probability"), "float64"),
            functions.col(MadeUpTable.LABEL).plus(1));
    Column loss =
        functions.negate(functions.log(functions.greatest(probability, functions.lit(LEAST))));
    double mean = model.transform(test).agg(functions.avg(loss)).first().getDouble(0);
    return new Fitted(model, seconds, mean);
  }

  private Transformer ours(int epochs, long seed) {
    return new FocalLossClassifier()
        .setLabelCol(MadeUpTable.LABEL)
        .setLoss("crossEntropy")
        .setAlpha("none")
        .setHiddenLayers(HIDDEN)
        .setValidationFraction(0)
        .setDropout(0.1)
        .setMaxIter(epochs)
        .setNumWorkers(2)
        .setSeed(seed)
        .fit(training);
  }

  private Transformer mllib(long seed) {
    return new MultilayerPerceptronClassifier()
        .setLabelCol(MadeUpTable.LABEL)
        .setLayers(new int[] {MadeUpTable.FEATURES, HIDDEN[0], HIDDEN[1], 2})
        .setMaxIter(100)
        .setSeed(seed)
        .fit(training);
  }

  private Transformer xgboost() {
    XGBoostClassifier classifier = new XGBoostClassifier();
    classifier.setFeaturesCol("features");
    classifier.setLabelCol(MadeUpTable.LABEL);
    classifier.setObjective("binary:logistic");
    classifier.setNumRound(100);
    classifier.setNumWorkers(2);
    return classifier.fit(training);
  }
}
