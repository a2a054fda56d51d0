package io.sparkfocal.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The Python that holds what we are compared with. */
final class Peers {

  private static final String VARIABLE = "SPARK_FOCAL_PEERS";
  private static final String FOLDER = "benchmarks/target/peers";

  private Peers() {}

  /** A Python with these modules, or a printed word on how to get it. */
  static Optional<String> python(String benchmark, String modules) {
    String set = System.getenv(VARIABLE);
    String python = set != null ? set : FOLDER + "/bin/python";
    if (Files.isExecutable(Path.of(python)) && has(python, modules)) {
      return Optional.of(python);
    }
    System.out.printf(
        Locale.ROOT,
        "bench %s skipped: %s has no %s; install it with%n"
            + "  python3 -m venv %s && %s/bin/pip install torch==2.13.0 pyspark==4.0.1 pyarrow pandas%n"
            + "or set %s to a Python that has it.%n",
        benchmark,
        python,
        modules,
        FOLDER,
        FOLDER,
        VARIABLE);
    return Optional.empty();
  }

  private static boolean has(String python, String modules) {
    try {
      Process process =
          new ProcessBuilder(python, "-c", "import " + modules)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(120, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
