package io.sparkfocal.benchmarks;

import io.sparkfocal.collective.local.SoloCollective;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Where the time of a step goes: a thread looks every millisecond what the training thread does.
 */
public final class StepProfile {

  private static final int[][] CASES = {{256, 400, 40}, {4096, 25, 40}};

  /** The first of these that a stack has names the phase. */
  private static final Map<String, String> PHASES = phases();

  private StepProfile() {}

  private static Map<String, String> phases() {
    Map<String, String> phases = new LinkedHashMap<>();
    phases.put("io.sparkfocal.data.", "batch: rows copied into tensors");
    phases.put("Autograd.backward", "backward");
    phases.put("io.sparkfocal.losses.", "loss and its gradient");
    phases.put("AbstractBaseBlock.forward", "forward");
    phases.put("SequentialBlock", "forward");
    phases.put("io.sparkfocal.train.HostUpdate", "update: division, optimizer, zeros");
    phases.put("io.sparkfocal.train.", "the loop, DJL's scopes");
    return phases;
  }

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    System.out.println("| rows per step | phase | share | us per step |\n|-|-|-|-|");
    for (int[] sizes : CASES) {
      Thread training = Thread.currentThread();
      CompletableFuture<Map<String, Integer>> samples = new CompletableFuture<>();
      Thread sampler = new Thread(() -> samples.complete(sample(training)), "sampler");
      TrainingRank.rowsPerSecond(new SoloCollective(), sizes[0], sizes[1], 4);
      sampler.start();
      double rate = TrainingRank.rowsPerSecond(new SoloCollective(), sizes[0], sizes[1], sizes[2]);
      sampler.interrupt();
      print(sizes[0], 1e6 * sizes[0] / rate, samples.join());
    }
  }

  private static void print(int rows, double microsPerStep, Map<String, Integer> samples) {
    double all = samples.values().stream().mapToInt(Integer::intValue).sum();
    samples.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
        .forEach(
            phase ->
                System.out.printf(
                    Locale.ROOT,
                    "| %,d | %s | %.0f %% | %.0f |%n",
                    rows,
                    phase.getKey(),
                    100 * phase.getValue() / all,
                    microsPerStep * phase.getValue() / all));
  }

  private static Map<String, Integer> sample(Thread training) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    try {
      while (true) {
        Thread.sleep(1);
        String phase = phase(training.getStackTrace());
        if (!phase.isEmpty()) {
          counts.merge(phase, 1, Integer::sum);
        }
      }
    } catch (InterruptedException e) {
      return counts;
    }
  }

  private static String phase(StackTraceElement[] stack) {
    boolean trains = false;
    for (StackTraceElement frame : stack) {
      trains |= frame.getMethodName().equals("trainEpoch");
    }
    if (!trains) {
      return "";
    }
    for (StackTraceElement frame : stack) {
      String name = frame.getClassName() + "." + frame.getMethodName();
      for (Map.Entry<String, String> phase : PHASES.entrySet()) {
        boolean wrapper = name.contains("Autograd.recorded") || name.contains("Autograd.switched");
        if (name.contains(phase.getKey()) && !wrapper) {
          return phase.getValue();
        }
      }
    }
    return "";
  }
}
