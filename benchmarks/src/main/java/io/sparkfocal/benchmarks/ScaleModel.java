package io.sparkfocal.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Predicts the time of a step and of an epoch from what one machine can measure, and compares the
 * prediction with runs of 2, 4 and 8 local ranks.
 *
 * <pre>step(n) = compute + 2 (n - 1) hop + 2 (n - 1) / n bytes / bandwidth</pre>
 *
 * <p>Local ranks share the cores: there, everything takes n / cores times as long.
 */
public final class ScaleModel {

  private static final int CORES = Runtime.getRuntime().availableProcessors();
  private static final int RUNS = 5;
  private static final int EPOCHS = 4;
  private static final long IN_MEMORY = 1L << 30;
  private static final int[][] CASES = {{256, 200}, {4096, 15}};
  private static final int[] LOCAL = {2, 4, 8};
  private static final int[] WORLDS = {2, 8, 32, 128, 512, 1024, 4096};

  /** MLP 32-256-256-2, and loss and weight of the step. */
  private static final int GRADIENT_BYTES = 4 * (33 * 256 + 257 * 256 + 257 * 2 + 2);

  private static final int SMALL = 4 << 10;
  private static final int LARGE = 16 << 20;
  private static final long EPOCH_ROWS = 1_000_000_000L;

  /** A network between hosts, as assumed: seconds per message and bytes per second. */
  private static final double NETWORK_LATENCY = 30e-6;

  private static final double NETWORK_BANDWIDTH = 1.25e9;
  private static final int RANKS_PER_JVM = 16;

  private ScaleModel() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    List<Child> ring = AllReduceSpeed.ours();
    final double small = allReduce(ring, SMALL, 400);
    final double large = allReduce(ring, LARGE, 10);
    ring.forEach(Child::close);
    // Two ranks: 2 hops, and as many bytes as there are.
    final double hop = small / 2;
    final double bandwidth = LARGE / Math.max(1e-9, large - small);
    System.out.printf(
        Locale.ROOT,
        "hop %.0f us, bandwidth %.2f GB/s, gradients %,d bytes%n%n",
        hop * 1e6,
        bandwidth / 1e9,
        GRADIENT_BYTES);

    System.out.println(
        "| rows per rank and step | ranks | step measured, ms | predicted, ms | measured / predicted |\n|-|-|-|-|-|");
    double[] compute = new double[CASES.length];
    double worst = 1;
    for (int c = 0; c < CASES.length; c++) {
      compute[c] = computeSeconds(CASES[c]);
      for (int world : LOCAL) {
        double measured = stepSeconds(world, CASES[c]);
        double predicted =
            (compute[c] + exchange(world, hop, bandwidth)) * Math.max(1, (double) world / CORES);
        double ratio = measured / predicted;
        worst = Math.max(worst, Math.max(ratio, 1 / ratio));
        System.out.printf(
            Locale.ROOT,
            "| %,d | %d | %.2f | %.2f | %.2f |%n",
            CASES[c][0],
            world,
            measured * 1e3,
            predicted * 1e3,
            ratio);
      }
    }
    predict(compute, hop);
    System.out.printf(
        Locale.ROOT, "bench scale ratio=%.2f spread=%.2f..%.2f%n", 1 / worst, 1 / worst, worst);
  }

  private static void predict(double[] compute, double hop) {
    double between = hop + NETWORK_LATENCY;
    System.out.printf(
        Locale.ROOT,
        "%n| ranks | rows per step | ring, ms | epoch, s | rows/s over ideal | with %d ranks per JVM: ring, ms | epoch, s | rows/s over ideal |%n|-|-|-|-|-|-|-|-|%n",
        RANKS_PER_JVM);
    for (int c = 0; c < CASES.length; c++) {
      for (int world : WORLDS) {
        double flat = exchange(world, between, NETWORK_BANDWIDTH);
        double hierarchical =
            exchange(Math.max(1, world / RANKS_PER_JVM), between, NETWORK_BANDWIDTH);
        double steps = (double) EPOCH_ROWS / CASES[c][0] / world;
        System.out.printf(
            Locale.ROOT,
            "| %,d | %,d | %.1f | %,.0f | %.0f %% | %.1f | %,.0f | %.0f %% |%n",
            world,
            CASES[c][0],
            flat * 1e3,
            steps * (compute[c] + flat),
            100 * compute[c] / (compute[c] + flat),
            hierarchical * 1e3,
            steps * (compute[c] + hierarchical),
            100 * compute[c] / (compute[c] + hierarchical));
      }
    }
  }

  private static double exchange(int world, double hop, double bandwidth) {
    return 2.0 * (world - 1) * hop + 2.0 * (world - 1) / world * GRADIENT_BYTES / bandwidth;
  }

  private static double allReduce(List<Child> ring, int bytes, int iterations) {
    return median(
        () ->
            Arrays.stream(Child.all(ring, bytes + " " + iterations + " FLOAT32"))
                .max()
                .orElseThrow());
  }

  /** With a rank on every core, each for itself. */
  private static double computeSeconds(int[] sizes) {
    List<Child> alone =
        IntStream.range(0, CORES).mapToObj(i -> StepSpeed.ranks(1)).flatMap(List::stream).toList();
    double seconds = secondsPerStep(alone, sizes);
    alone.forEach(Child::close);
    return seconds;
  }

  private static double stepSeconds(int world, int[] sizes) {
    List<Child> ranks = StepSpeed.ranks(world);
    double seconds = secondsPerStep(ranks, sizes);
    ranks.forEach(Child::close);
    return seconds;
  }

  private static double secondsPerStep(List<Child> ranks, int[] sizes) {
    String order = sizes[0] + " " + sizes[1] + " " + EPOCHS + " " + IN_MEMORY;
    return median(
        () ->
            DoubleStream.of(Child.all(ranks, order))
                .map(rate -> sizes[0] / rate)
                .max()
                .orElseThrow());
  }

  /** Median of some runs, after one that does not count. */
  private static double median(DoubleSupplier seconds) {
    List<Double> all =
        IntStream.rangeClosed(0, RUNS).mapToObj(run -> seconds.getAsDouble()).toList();
    return Pairs.median(all.subList(1, all.size()));
  }
}
