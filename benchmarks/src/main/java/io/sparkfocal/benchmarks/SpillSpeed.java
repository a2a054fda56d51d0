package io.sparkfocal.benchmarks;

import io.sparkfocal.ml.FocalLossClassifier;
import io.sparkfocal.train.EpochReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Rows per second of one worker whose blocks Spark keeps on disk, since it has memory for few of
 * them, beside the same in memory.
 */
public final class SpillSpeed {

  private static final int PAIRS = 5;
  private static final int[] BATCHES = {256, 4096};
  private static final int EPOCHS = 2;
  private static final String ON_DISK = "0.02";
  private static final String IN_MEMORY = "0.6";

  private SpillSpeed() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    System.out.println(
        "| rows per step | blocks on disk, rows/s | in memory, rows/s | ratio | spread |\n|-|-|-|-|-|");
    Pairs worst = null;
    try (Child onDisk = Child.java(Fits.class, ON_DISK);
        Child inMemory = Child.java(Fits.class, IN_MEMORY)) {
      for (int batch : BATCHES) {
        Pairs pairs = new Pairs();
        for (int pair = -1; pair < PAIRS; pair++) {
          double spilled = Child.all(List.of(onDisk), Integer.toString(batch))[0];
          double kept = Child.all(List.of(inMemory), Integer.toString(batch))[0];
          if (pair >= 0) {
            pairs.rates(spilled, kept);
          }
        }
        System.out.printf(
            Locale.ROOT,
            "| %,d | %,.0f | %,.0f | %.2f | %s |%n",
            batch,
            pairs.ours(),
            pairs.theirs(),
            pairs.ratio(),
            pairs.spread());
        worst = worst == null || pairs.ratio() < worst.ratio() ? pairs : worst;
      }
    }
    worst.print("spill");
  }

  /** Fits with a batch size per line, in an application with a part of the heap for Spark. */
  public static final class Fits {

    private static final int ROWS = 1_000_000;
    private static final int FEATURES = 32;

    private Fits() {}

    /** Takes {@code spark.memory.fraction}. */
    public static void main(String[] arguments) throws IOException {
      try (SparkSession spark =
          SparkSession.builder()
              .master("local[1]")
              .config("spark.ui.enabled", false)
              .config("spark.memory.fraction", arguments[0])
              .getOrCreate()) {
        StringBuilder features = new StringBuilder("array(");
        for (int i = 0; i < FEATURES; i++) {
          features.append(i == 0 ? "" : ", ").append("randn(").append(i).append(')');
        }
        Dataset<Row> rows =
            spark
                .range(0, ROWS, 1, 8)
                .selectExpr("int(id % 10 = 0) label", features + ") features");
        BufferedReader orders =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String batch;
        while ((batch = orders.readLine()) != null) {
          List<EpochReport> epochs =
              new FocalLossClassifier()
                  .setHiddenLayers(256, 256)
                  .setValidationFraction(0)
                  .setDropout(0)
                  .setMaxIter(EPOCHS)
                  .setBatchSize(Integer.parseInt(batch))
                  .fit(rows)
                  .summary()
                  .epochs();
          Child.reply(epochs.get(EPOCHS - 1).rowsPerSecond());
        }
      }
    }
  }
}
