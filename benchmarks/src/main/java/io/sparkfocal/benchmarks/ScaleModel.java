package io.sparkfocal.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Predicts rows per second for many ranks from what few were measured to take, and compares itself
 * with runs of 2, 4 and 8 processes on this machine.
 *
 * <p>A step takes {@code compute + 2 (n - 1) hop + 2 (n - 1) / n bytes / bandwidth}; where ranks
 * share cores, compute and hops take as many times as long as there are ranks to a core.
 */
public final class ScaleModel {

  private static final int ROWS = 256;
  private static final int STEPS = 200;
  private static final int EPOCHS = 4;
  private static final long IN_MEMORY = 1L << 30;
  private static final double GRADIENT_BYTES =
      4.0 * (32 * 256 + 256 + 256 * 256 + 256 + 2 * 256 + 2);
  private static final int LARGE = 64 << 20;

  /** Seconds of a step's computing and of a hop, bytes per second between two processes. */
  private record Primitives(double compute, double hop, double bandwidth) {

    double step(int ranks, double cores) {
      double sharing = Math.max(1, ranks / cores);
      return compute * sharing
          + 2 * (ranks - 1) * hop * sharing
          + 2.0 * (ranks - 1) / ranks * GRADIENT_BYTES / bandwidth * sharing;
    }
  }

  private ScaleModel() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    int cores = Runtime.getRuntime().availableProcessors();
    Primitives primitives = measure();
    System.out.printf(
        "compute %.0f us per step of %d rows, hop %.0f us, bandwidth %.2f GB/s%n%n",
        1e6 * primitives.compute(), ROWS, 1e6 * primitives.hop(), primitives.bandwidth() / 1e9);
    System.out.println(
        "| ranks on "
            + cores
            + " cores | measured, rows/s | model, rows/s | model / measured |\n|-|-|-|-|");
    Pairs error = new Pairs();
    for (int ranks : new int[] {2, 4, 8}) {
      double measured = rate(ranks);
      double model = ROWS * ranks / primitives.step(ranks, cores);
      System.out.printf(
          "| %d | %,.0f | %,.0f | %.2f |%n", ranks, measured, model, model / measured);
      error.rates(model, measured);
    }
    System.out.println(
        "\n| ranks, a core each | step, ms | of it hops | rows/s | of ideal | 10^9 rows take, s |\n|-|-|-|-|-|-|");
    for (int ranks = 2; ranks <= 4096; ranks *= 2) {
      double step = primitives.step(ranks, ranks);
      double rate = ROWS * ranks / step;
      System.out.printf(
          "| %,d | %.2f | %.0f %% | %,.0f | %.0f %% | %,.0f |%n",
          ranks,
          1e3 * step,
          100 * 2 * (ranks - 1) * primitives.hop() / step,
          rate,
          100 * primitives.compute() / step,
          1e9 / rate);
    }
    error.print("scale-model");
  }

  private static Primitives measure() {
    double compute = ROWS / rate(1);
    List<Child> ring = AllReduceSpeed.ring();
    double hop = 0;
    double large = 0;
    for (int run = 0; run < 4; run++) {
      hop = Child.all(ring, "4 2000 FLOAT32")[0] / 2;
      large = Child.all(ring, LARGE + " 8 FLOAT32")[0];
    }
    ring.forEach(Child::close);
    return new Primitives(compute, hop, LARGE / large);
  }

  private static double rate(int ranks) {
    List<Child> children = StepSpeed.ranks(ranks);
    double[] rates =
        IntStream.range(0, 3)
            .mapToDouble(
                run ->
                    DoubleStream.of(
                            Child.all(
                                children, ROWS + " " + STEPS + " " + EPOCHS + " " + IN_MEMORY))
                        .sum())
            .toArray();
    children.forEach(Child::close);
    return Pairs.median(DoubleStream.of(rates).boxed().toList());
  }
}
