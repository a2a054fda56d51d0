package io.sparkfocal.benchmarks;

import io.sparkfocal.losses.LossCatalogue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Time of every loss over that of the plain loss of its family, as a table and one line for the
 * slowest.
 */
public final class LossSpeed {

  private static final String[] SHAPES = {"256x1000", "65536x2"};
  private static final double HALF = 0.5;

  private LossSpeed() {}

  /** Takes names of losses; all without arguments. */
  public static void main(String[] arguments) throws RunnerException {
    List<String> names = arguments.length == 0 ? LossCatalogue.names() : List.of(arguments);
    List<String> all = new ArrayList<>(List.of("plainSoftmax", "plainSigmoid"));
    all.addAll(names);
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(LossBenchmark.class.getName())
                    .param("loss", all.toArray(new String[0]))
                    .param("shape", SHAPES)
                    .jvmArgsAppend("-Dai.djl.pytorch.num_threads=1")
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    Map<String, Double> medians = new TreeMap<>();
    for (RunResult result : results) {
      String key = result.getParams().getParam("loss") + " " + result.getParams().getParam("shape");
      medians.put(key, result.getPrimaryResult().getStatistics().getPercentile(100 * HALF));
    }
    print(names, medians);
  }

  private static void print(List<String> names, Map<String, Double> medians) {
    System.out.println("| loss | 256 x 1000, us | ratio | 65,536 x 2, us | ratio |");
    System.out.println("|-|-|-|-|-|");
    List<String> rows = new ArrayList<>(List.of("plainSoftmax", "plainSigmoid"));
    rows.addAll(names);
    double lowest = Double.POSITIVE_INFINITY;
    double highest = 0;
    for (String name : rows) {
      StringBuilder line = new StringBuilder("| " + name + " |");
      for (String shape : SHAPES) {
        double median = medians.getOrDefault(name + " " + shape, Double.NaN);
        double ratio = median / medians.getOrDefault(plain(name) + " " + shape, Double.NaN);
        line.append(String.format(Locale.ROOT, " %.0f | %.2f |", median, ratio));
        if (!name.startsWith("plain")) {
          lowest = Math.min(lowest, 1 / ratio);
          highest = Math.max(highest, 1 / ratio);
        }
      }
      System.out.println(line);
    }
    System.out.printf(
        Locale.ROOT, "bench losses ratio=%.2f spread=%.2f..%.2f%n", lowest, lowest, highest);
  }

  private static String plain(String name) {
    boolean sigmoid =
        name.equals("plainSigmoid")
            || (!name.startsWith("plain") && LossCatalogue.make(name, Map.of(), 1, 1).isSigmoid());
    return sigmoid ? "plainSigmoid" : "plainSoftmax";
  }
}
