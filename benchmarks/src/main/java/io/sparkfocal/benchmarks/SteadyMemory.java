package io.sparkfocal.benchmarks;

import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.train.EpochReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Resident memory of a process over 20,000 steps of one run: it is to stay as it is. */
public final class SteadyMemory {

  private static final int ROWS = 256;
  private static final int STEPS = 1_000;
  private static final int EPOCHS = 20;

  private SteadyMemory() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    List<Long> megabytes = new ArrayList<>();
    System.out.println("| steps | resident, MB | heap after collection, MB | rows/s |\n|-|-|-|-|");
    TrainingRank.train(new SoloCollective(), ROWS, STEPS, EPOCHS, r -> megabytes.add(print(r)));
    // The first tenth is the process's own start: compiled code, arenas of the allocator.
    double ratio = (double) megabytes.get(EPOCHS / 10) / megabytes.get(EPOCHS - 1);
    System.out.printf(
        Locale.ROOT, "bench memory ratio=%.3f spread=%.3f..%.3f%n", ratio, ratio, ratio);
  }

  private static long print(EpochReport report) {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    long heap = (runtime.totalMemory() - runtime.freeMemory()) >> 20;
    long resident = residentMegabytes();
    System.out.printf(
        Locale.ROOT,
        "| %,d | %,d | %,d | %,.0f |%n",
        report.epoch() * STEPS,
        resident,
        heap,
        report.rowsPerSecond());
    return resident;
  }

  private static long residentMegabytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException("This system does not tell a process's resident memory.", e);
    }
  }
}
