package io.sparkfocal.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Rows per second of two processes of one thread that train together, beside PyTorch's
 * DistributedDataParallel over Gloo; and of two beside one.
 */
public final class StepSpeed {

  private static final int PAIRS = 7;
  private static final int[][] CASES = {{256, 400}, {4096, 25}};
  private static final int EPOCHS = 4;

  private StepSpeed() {}

  /** Takes "steps" or "scaling". */
  public static void main(String[] arguments) {
    if (arguments[0].equals("scaling")) {
      scaling();
    } else {
      steps();
    }
  }

  private static void steps() {
    Optional<String> python = Peers.python("steps", "torch");
    if (python.isEmpty()) {
      return;
    }
    List<Child> ours = ranks(2);
    List<Child> theirs = distributedDataParallel(python.get());
    System.out.println(
        "| rows per rank and step | ours, rows/s | PyTorch DDP, rows/s | ratio | spread |\n|-|-|-|-|-|");
    for (int[] sizes : CASES) {
      Pairs pairs = new Pairs();
      for (int pair = -1; pair < PAIRS; pair++) {
        String order = sizes[0] + " " + sizes[1] + " " + EPOCHS;
        double our = sum(Child.all(ours, order));
        double their = sum(Child.all(theirs, order));
        if (pair >= 0) {
          pairs.rates(our, their);
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
      pairs.print("steps-" + sizes[0]);
    }
    ours.forEach(Child::close);
    theirs.forEach(Child::close);
  }

  private static void scaling() {
    List<Child> two = ranks(2);
    List<Child> one = ranks(1);
    System.out.println(
        "| rows per rank and step | two processes, rows/s | one, rows/s | ratio | spread |\n|-|-|-|-|-|");
    for (int[] sizes : CASES) {
      Pairs pairs = new Pairs();
      for (int pair = -1; pair < PAIRS; pair++) {
        String order = sizes[0] + " " + sizes[1] + " " + EPOCHS;
        double together = sum(Child.all(two, order));
        double alone = sum(Child.all(one, order));
        if (pair >= 0) {
          pairs.rates(together, alone);
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
      pairs.print("scaling-" + sizes[0]);
    }
    two.forEach(Child::close);
    one.forEach(Child::close);
  }

  private static double sum(double[] rates) {
    return DoubleStream.of(rates).sum();
  }

  static List<Child> ranks(int world) {
    List<Child> ranks =
        IntStream.range(0, world)
            .mapToObj(
                rank ->
                    Child.java(TrainingRank.class, Integer.toString(rank), Integer.toString(world)))
            .toList();
    if (world > 1) {
      String addresses = String.join(" ", ranks.stream().map(Child::answer).toList());
      ranks.forEach(rank -> rank.order(addresses));
    }
    return ranks;
  }

  private static List<Child> distributedDataParallel(String python) {
    String port = Integer.toString(FreePort.find());
    return IntStream.range(0, 2)
        .mapToObj(rank -> Child.python(python, "ddp_steps.py", Integer.toString(rank), "2", port))
        .toList();
  }
}
