package io.sparkfocal.examples.quickstart;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;

/** Runs a main class of the application in a JVM of its own, on a local master. */
final class FreshJvm {

  private static final long TIMEOUT_MINUTES = 10;

  private FreshJvm() {}

  /**
   * Submits the class with the jars of the running application and waits for it.
   *
   * @throws IllegalStateException if it fails or does not end
   */
  static void run(Class<?> main, List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (option.startsWith("-XX") || option.startsWith("--add-opens") || isOfSpark(option)) {
        command.add(option);
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("org.apache.spark.deploy.SparkSubmit", "--master", "local[2]"));
    command.addAll(List.of("--class", main.getName()));
    command.addAll(List.of("--conf", "spark.ui.enabled=false"));
    String application = main.getProtectionDomain().getCodeSource().getLocation().getPath();
    String jars = SparkContext.getOrCreate().getConf().get("spark.jars");
    command.addAll(
        List.of(
            "--jars",
            Arrays.stream(jars.split(","))
                .filter(jar -> !jar.endsWith(application))
                .collect(Collectors.joining(","))));
    command.add(application);
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).inheritIO().start();
    if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IllegalStateException(
          main.getSimpleName() + " did not end within " + TIMEOUT_MINUTES + " minutes.");
    }
    if (process.exitValue() != 0) {
      throw new IllegalStateException(
          main.getSimpleName() + " failed with exit code " + process.exitValue() + ".");
    }
  }

  private static boolean isOfSpark(String option) {
    return option.startsWith("-Dlog4j2.") || option.startsWith("-Djdk.reflect");
  }
}
