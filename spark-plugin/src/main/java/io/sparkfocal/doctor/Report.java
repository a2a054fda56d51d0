package io.sparkfocal.doctor;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;

/** The results of checks, printed as they come. */
final class Report {

  private final PrintStream out;
  private int checks;
  private int failures;

  Report(PrintStream out) {
    this.out = out;
  }

  /**
   * Makes a check.
   *
   * @param check returns what it found; its exception says what is wrong and what to set
   * @return whether it went well
   */
  boolean check(String what, Callable<String> check) {
    checks++;
    try {
      out.printf(Locale.ROOT, "ok    %-14s %s%n", what, check.call());
      return true;
    } catch (Exception | LinkageError e) {
      failures++;
      out.printf(
          Locale.ROOT, "FAIL  %-14s %s%n", what, e.getMessage() == null ? e : e.getMessage());
      return false;
    }
  }

  /** Tells what was not checked, and why. */
  void skip(String what, String why) {
    out.printf(Locale.ROOT, "-     %-14s %s%n", what, why);
  }

  /** Prints the last line; whether all went well. */
  boolean conclude() {
    out.println(
        failures == 0
            ? "doctor ok checks=" + checks
            : "doctor failed checks=" + checks + " failed=" + failures);
    return failures == 0;
  }
}
