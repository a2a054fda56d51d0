package io.sparkfocal.benchmarks;

import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** {@link EndToEnd} beside pyspark's TorchDistributor that does the same. */
public final class EndToEndSpeed {

  private static final long ROWS = 2_000_000;
  private static final int PAIRS = 3;

  private EndToEndSpeed() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) throws IOException {
    Optional<String> python = Peers.python("endtoend", "torch, pyspark, pyarrow.parquet, pandas");
    if (python.isEmpty()) {
      return;
    }
    String table;
    try (SparkSession spark =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      table = MadeUpTable.parquet(spark, ROWS).toString();
    }
    Pairs pairs = new Pairs();
    for (int pair = 0; pair < PAIRS; pair++) {
      double our = seconds("ours", Child.java(EndToEnd.class, table));
      double their =
          seconds(
              "TorchDistributor",
              Child.python(
                  python.get(),
                  "torch_distributor.py",
                  table,
                  Integer.toString(EndToEnd.EPOCHS),
                  Integer.toString(EndToEnd.BATCH_ROWS)));
      pairs.times(our, their);
    }
    System.out.printf(
        Locale.ROOT,
        "%,d rows, %d epochs, batch %d: ours %.1f s, TorchDistributor %.1f s%n",
        ROWS,
        EndToEnd.EPOCHS,
        EndToEnd.BATCH_ROWS,
        pairs.ours(),
        pairs.theirs());
    pairs.print("endtoend");
  }

  private static double seconds(String who, Child child) {
    try (child) {
      String answer = child.answer();
      System.out.println(who + ": " + answer);
      return Double.parseDouble(answer.split(" ", 2)[0]);
    }
  }
}
