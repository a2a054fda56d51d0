package io.sparkfocal.benchmarks;

import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.util.Locale;
import java.util.SplittableRandom;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * Time per pass over rows of 2^18 features and 50 non-zeros, as hashed text has them, beside
 * MLlib's LogisticRegression on the same cached rows: of the linear model and of one with a hidden
 * layer.
 */
public final class SparseSpeed {

  private static final int FEATURES = 1 << 18;
  private static final int NON_ZEROS = 50;
  private static final int ROWS = 100_000;
  private static final int WORKERS = 2;
  private static final int BATCH_ROWS = 4096;
  private static final int EPOCHS = 10;
  private static final int PAIRS = 3;

  private final Dataset<Row> rows;
  private final long count;

  private SparseSpeed(SparkSession spark, long count) {
    this.count = count;
    this.rows =
        spark
            .range(0, count, 1, WORKERS)
            .select(
                functions
                    .udf((Long id) -> vector(id), new VectorUDT())
                    .apply(functions.col("id"))
                    .as("features"),
                functions.col("id").mod(2).cast(DataTypes.DoubleType).as("label"))
            .cache();
    rows.count();
  }

  /** Takes the number of rows, 100,000 where there is none. */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    long count = arguments.length == 0 ? ROWS : Long.parseLong(arguments[0]);
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[" + WORKERS + "]")
            .appName("Spark Focal on sparse rows")
            .config("spark.ui.enabled", false)
            .getOrCreate()) {
      new SparseSpeed(spark, count).run();
    }
  }

  /** Words of a label's own are among those that both have. */
  private static org.apache.spark.ml.linalg.Vector vector(long id) {
    SplittableRandom random = new SplittableRandom(id);
    int[] columns =
        random
            .ints(0, FEATURES)
            .map(column -> column % 16 == 0 ? column / 2 * 2 + (int) (id % 2) : column)
            .distinct()
            .limit(NON_ZEROS)
            .sorted()
            .toArray();
    double[] values = new double[NON_ZEROS];
    for (int i = 0; i < NON_ZEROS; i++) {
      values[i] = 1 + random.nextInt(3);
    }
    return Vectors.sparse(FEATURES, columns, values);
  }

  private void run() {
    Pairs linear = new Pairs();
    Pairs hidden = new Pairs();
    for (int pair = -1; pair < PAIRS; pair++) {
      double mllib = mllib();
      double our = ours(EPOCHS);
      double deep = ours(1, 128);
      if (pair >= 0) {
        linear.times(our, mllib);
        hidden.times(deep, mllib);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%,d rows of %,d features and %d non-zeros, seconds per pass: MLlib %.2f, ours %.2f, with a hidden layer of 128 units %.2f (%.2f of MLlib's speed)%n",
        count,
        FEATURES,
        NON_ZEROS,
        linear.theirs(),
        linear.ours(),
        hidden.ours(),
        hidden.ratio());
    linear.print("sparse");
  }

  /** Seconds of a pass, reading included. */
  private double ours(int epochs, int... hiddenLayers) {
    long start = System.nanoTime();
    new FocalLossClassifier()
        .setLoss("crossEntropy")
        .setAlpha("none")
        .setStandardization(false)
        .setHiddenLayers(hiddenLayers)
        .setValidationFraction(0)
        .setDropout(0)
        .setBatchSize(BATCH_ROWS)
        .setMaxIter(epochs)
        .setNumWorkers(WORKERS)
        .setSeed(1)
        .fit(rows);
    return (System.nanoTime() - start) / 1e9 / epochs;
  }

  private double mllib() {
    long start = System.nanoTime();
    LogisticRegressionModel model =
        new LogisticRegression().setMaxIter(EPOCHS).setStandardization(false).fit(rows);
    return (System.nanoTime() - start) / 1e9 / Math.max(1, model.binarySummary().totalIterations());
  }
}
