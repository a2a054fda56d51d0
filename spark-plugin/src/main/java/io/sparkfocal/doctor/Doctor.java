package io.sparkfocal.doctor;

import java.util.List;

/**
 * Checks one machine, or with {@code --spark} also the executors of the application that it is
 * submitted as, or with {@code --quick} only what can be known without starting PyTorch, which
 * disturbs no training.
 *
 * <p>Prints a line per check and last {@code doctor ok checks=N} or {@code doctor failed checks=N
 * failed=K}; exits with 1 if a check failed.
 */
public final class Doctor {

  private Doctor() {}

  /** The only argument is {@code --spark} or {@code --quick}, and may be left away. */
  public static void main(String[] arguments) {
    Report report = new Report(System.out);
    List<String> wanted = List.of(arguments);
    switch (String.join(" ", wanted)) {
      case "" -> MachineChecks.run(report);
      case "--spark" -> {
        MachineChecks.run(report);
        SparkChecks.run(report);
      }
      case "--quick" -> {
        InstallationChecks.platform(report);
        InstallationChecks.files(report);
      }
      default -> {
        System.err.println(
            "doctor: unknown options " + wanted + "; there are --spark and --quick.");
        System.exit(2);
      }
    }
    System.exit(report.conclude() ? 0 : 1);
  }
}
