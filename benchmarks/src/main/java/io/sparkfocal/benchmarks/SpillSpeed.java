package io.sparkfocal.benchmarks;

import java.util.List;
import java.util.Locale;

/** Rows per second of one process whose rows lie in a file, beside the same in memory. */
public final class SpillSpeed {

  private static final int PAIRS = 5;
  private static final int[][] CASES = {{256, 1600}, {4096, 100}};
  private static final int EPOCHS = 3;
  private static final long IN_MEMORY = 1L << 30;

  private SpillSpeed() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    List<Child> rank = StepSpeed.ranks(1);
    System.out.println(
        "| rows per step | four times the budget, rows/s | in memory, rows/s | ratio | spread |\n|-|-|-|-|-|");
    Pairs worst = null;
    for (int[] sizes : CASES) {
      long bytes = (long) sizes[0] * sizes[1] * (TrainingRank.FEATURES + 2) * Float.BYTES;
      // Three quarters of the budget are for training rows.
      long budget = bytes / 4 * 4 / 3;
      Pairs pairs = new Pairs();
      for (int pair = -1; pair < PAIRS; pair++) {
        String order = sizes[0] + " " + sizes[1] + " " + EPOCHS + " ";
        double spilled = Child.all(rank, order + budget)[0];
        double inMemory = Child.all(rank, order + IN_MEMORY)[0];
        if (pair >= 0) {
          pairs.rates(spilled, inMemory);
        }
      }
      System.out.printf(
          Locale.ROOT,
          "| %,d | %,.0f | %,.0f | %.2f | %s |%n",
          sizes[0],
          pairs.ours(),
          pairs.theirs(),
          pairs.ratio(),
          pairs.spread());
      worst = worst == null || pairs.ratio() < worst.ratio() ? pairs : worst;
    }
    rank.forEach(Child::close);
    worst.print("spill");
  }
}
