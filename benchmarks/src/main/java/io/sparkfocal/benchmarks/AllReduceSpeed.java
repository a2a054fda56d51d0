package io.sparkfocal.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** Time of an all-reduce between two processes on loopback, beside Gloo (torch.distributed). */
public final class AllReduceSpeed {

  private static final int[] KIBIBYTES = {4, 64, 1024, 16 << 10, 64 << 10};
  private static final int PAIRS = 9;
  private static final int RANKS = 2;

  private AllReduceSpeed() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    Optional<String> python = Peers.python("allreduce", "torch");
    if (python.isEmpty()) {
      return;
    }
    List<Child> ours = ours();
    List<Child> gloo = gloo(python.get());
    System.out.println(
        "| size | ring, ms | Gloo, ms | Gloo / ring | spread | bfloat16, ms |\n|-|-|-|-|-|-|");
    Pairs worst = null;
    for (int kibibytes : KIBIBYTES) {
      Pairs pairs = new Pairs();
      List<Double> halves = new ArrayList<>();
      int iterations = Math.max(8, Math.min(500, (128 << 10) / kibibytes));
      String order = (kibibytes << 10) + " " + iterations;
      for (int pair = -3; pair < PAIRS; pair++) {
        double our = Child.all(ours, order + " FLOAT32")[0];
        double their = Child.all(gloo, order)[0];
        double half = Child.all(ours, order + " BFLOAT16")[0];
        if (pair >= 0) {
          pairs.times(our, their);
          halves.add(half);
        }
      }
      System.out.printf(
          Locale.ROOT,
          "| %s | %.3f | %.3f | %.2f | %s | %.3f |%n",
          kibibytes < 1024 ? kibibytes + " KiB" : (kibibytes >> 10) + " MiB",
          1e3 * pairs.ours(),
          1e3 * pairs.theirs(),
          pairs.ratio(),
          pairs.spread(),
          1e3 * Pairs.median(halves));
      worst = worst == null || pairs.ratio() < worst.ratio() ? pairs : worst;
    }
    ours.forEach(Child::close);
    gloo.forEach(Child::close);
    worst.print("allreduce");
  }

  static List<Child> ours() {
    List<Child> ranks =
        IntStream.range(0, RANKS)
            .mapToObj(rank -> Child.java(AllReduceRank.class, Integer.toString(rank)))
            .toList();
    String addresses = String.join(" ", ranks.stream().map(Child::answer).toList());
    ranks.forEach(rank -> rank.order(addresses));
    return ranks;
  }

  private static List<Child> gloo(String python) {
    String port = Integer.toString(FreePort.find());
    return IntStream.range(0, RANKS)
        .mapToObj(
            rank ->
                Child.python(
                    python,
                    "gloo_allreduce.py",
                    Integer.toString(rank),
                    Integer.toString(RANKS),
                    port))
        .toList();
  }
}
