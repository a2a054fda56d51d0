package io.sparkfocal.doctor;

import java.util.List;

/**
 * Checks one machine, or with {@code --spark} also the executors of the application that it is
 * submitted as.
 *
 * <p>Prints a line per check and last {@code doctor ok checks=N} or {@code doctor failed checks=N
 * failed=K}; exits with 1 if a check failed.
 */
public final class Doctor {

  private Doctor() {}

  /** The only argument is {@code --spark}, and may be left away. */
  public static void main(String[] arguments) {
    Report report = new Report(System.out);
    List<String> wanted = List.of(arguments);
    if (!wanted.isEmpty() && !wanted.equals(List.of("--spark"))) {
      System.err.println("doctor: unknown option " + wanted + "; there is only --spark.");
      System.exit(2);
    }
    MachineChecks.run(report);
    if (!wanted.isEmpty()) {
      SparkChecks.run(report);
    }
    System.exit(report.conclude() ? 0 : 1);
  }
}
