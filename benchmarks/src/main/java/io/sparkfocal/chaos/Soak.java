package io.sparkfocal.chaos;

import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** One fit after the other in one JVM: memory, threads and open files are to stay as they are. */
public final class Soak {

  private Soak() {}

  /** Takes the minutes it lasts. */
  public static void main(String[] arguments) throws IOException {
    double minutes = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 30;
    Path checkpoints = Files.createTempDirectory("focal-soak");
    try (SparkSession spark =
        SparkSession.builder()
            .appName("soak")
            .master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.sql.ui.retainedExecutions", "5")
            .config("spark.ui.retainedJobs", "5")
            .config("spark.ui.retainedStages", "5")
            .config("spark.ui.retainedTasks", "50")
            .getOrCreate()) {
      Patient patient = new Patient(spark, FocalLossClassifier::fit);
      System.out.println(
          "| minute | fits | resident, MB | heap after collection, MB | threads | open files |\n|-|-|-|-|-|-|");
      long start = System.nanoTime();
      long end = start + (long) (minutes * 60e9);
      long next = start;
      int fits = 0;
      while (System.nanoTime() < end) {
        patient.train(checkpoints.toUri().toString());
        fits++;
        if (System.nanoTime() >= next) {
          print(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) / 60.0, fits);
          next += (long) (minutes * 60e9 / 15);
        }
      }
      print(minutes, fits);
    }
  }

  private static void print(double minute, int fits) throws IOException {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    long heap = (runtime.totalMemory() - runtime.freeMemory()) >> 20;
    System.out.printf(
        Locale.ROOT,
        "| %.1f | %d | %d | %d | %d | %d |%n",
        minute,
        fits,
        status("VmRSS") >> 10,
        heap,
        status("Threads"),
        openFiles());
  }

  private static long status(String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private static long openFiles() {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
