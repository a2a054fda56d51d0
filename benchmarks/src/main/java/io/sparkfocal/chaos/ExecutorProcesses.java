package io.sparkfocal.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/** The executors that this JVM's local cluster has started. */
final class ExecutorProcesses {

  private static final String MAIN = "CoarseGrainedExecutorBackend";

  private ExecutorProcesses() {}

  /** Those that run, oldest first. */
  static List<ProcessHandle> running() {
    return ProcessHandle.current()
        .descendants()
        .filter(ExecutorProcesses::isExecutor)
        .sorted(Comparator.comparingLong(ProcessHandle::pid))
        .toList();
  }

  /** ProcessHandle does not tell command lines as long as these. */
  private static boolean isExecutor(ProcessHandle process) {
    try {
      Path commandLine = Path.of("/proc", Long.toString(process.pid()), "cmdline");
      return Files.readString(commandLine, StandardCharsets.ISO_8859_1).contains(MAIN);
    } catch (IOException e) {
      return false;
    }
  }

  /** Sends a signal by name, for instance KILL; a process that is gone is let be. */
  static void signal(String name, ProcessHandle process) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
