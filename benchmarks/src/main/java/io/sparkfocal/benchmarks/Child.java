package io.sparkfocal.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another process that takes lines and answers with lines; what it logs goes to a file. */
final class Child implements AutoCloseable {

  private static final String ANSWER = "> ";

  private final String name;
  private final Process process;
  private final BufferedReader answers;
  private final Writer orders;

  private Child(String name, List<String> command, Map<String, String> environment) {
    this.name = name;
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectError(
                  ProcessBuilder.Redirect.appendTo(new File("benchmarks/target/children.log")));
      builder.environment().putAll(environment);
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    answers = process.inputReader(StandardCharsets.UTF_8);
    orders = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** A JVM of one thread per operation, as an executor with one core would be. */
  static Child java(Class<?> main, String... arguments) {
    return java(List.of("-Dai.djl.pytorch.num_threads=1"), main, arguments);
  }

  /** A JVM that may use the whole machine. */
  static Child javaOnAllCores(Class<?> main, String... arguments) {
    return java(List.of(), main, arguments);
  }

  private static Child java(List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-Dlog4j2"))
        .forEach(command::add);
    command.addAll(options);
    command.addAll(List.of("-Xmx2g", "-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return new Child(main.getSimpleName(), command, Map.of());
  }

  /** A Python script of {@code benchmarks/src/main/python}. */
  static Child python(String python, String script, String... arguments) {
    List<String> command = new ArrayList<>(List.of(python, "benchmarks/src/main/python/" + script));
    command.addAll(List.of(arguments));
    return new Child(script, command, Map.of("OMP_NUM_THREADS", "1", "MKL_NUM_THREADS", "1"));
  }

  /** Prints an answer; what a child calls. */
  static void reply(Object text) {
    System.out.println(ANSWER + text);
    System.out.flush();
  }

  void order(String line) {
    try {
      orders.write(line + "\n");
      orders.flush();
    } catch (IOException e) {
      throw died(e);
    }
  }

  /** The next answer; other lines are passed over. */
  String answer() {
    try {
      while (true) {
        String line = answers.readLine();
        if (line == null) {
          throw died(null);
        }
        if (line.startsWith(ANSWER)) {
          return line.substring(ANSWER.length());
        }
      }
    } catch (IOException e) {
      throw died(e);
    }
  }

  private IllegalStateException died(Throwable cause) {
    return new IllegalStateException(
        "A process ended early; benchmarks/target/children.log says why: " + name, cause);
  }

  /** The same order to all; their answers as numbers. */
  static double[] all(List<Child> children, String order) {
    children.forEach(child -> child.order(order));
    return children.stream().mapToDouble(child -> Double.parseDouble(child.answer())).toArray();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
