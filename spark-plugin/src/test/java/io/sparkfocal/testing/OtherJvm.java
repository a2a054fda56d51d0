package io.sparkfocal.testing;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a main class in a JVM of its own and collects what it prints. */
public final class OtherJvm {

  /**
   * How it ended.
   *
   * @param exitCode of the process
   * @param output standard output and error
   */
  public record Ended(int exitCode, String output) {}

  private static final long TIMEOUT_SECONDS = 180;

  private OtherJvm() {}

  /** Runs the class, with the module options of this JVM and these variables besides its own. */
  public static Ended run(
      String classPath, Map<String, String> variables, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("other-jvm", ".txt");
    Process process = start(output, classPath, variables, main, arguments);
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(main + " did not end:\n" + Files.readString(output));
      }
      return new Ended(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }

  /** As above, without waiting for its end; what it prints goes to a file. */
  public static Process start(
      Path output,
      String classPath,
      Map<String, String> variables,
      Class<?> main,
      String... arguments)
      throws IOException {
    return start("1g", output, classPath, variables, main, arguments);
  }

  /** As above, with a heap of that size. */
  public static Process start(
      String heap,
      Path output,
      String classPath,
      Map<String, String> variables,
      Class<?> main,
      String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-Djdk"))
        .forEach(command::add);
    command.addAll(List.of("-Xmx" + heap, "-cp", classPath, main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(variables);
    return builder.start();
  }
}
