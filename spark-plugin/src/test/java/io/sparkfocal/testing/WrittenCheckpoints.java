package io.sparkfocal.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;

/** Waits for the checkpoints of a training that goes on. */
public final class WrittenCheckpoints {

  private WrittenCheckpoints() {}

  /** Returns once there are two below this folder. */
  public static void await(Path folder) {
    await(folder, new CompletableFuture<>());
  }

  /** Returns once there are two below this folder, or throws what that training has thrown. */
  public static void await(Path folder, CompletableFuture<?> training) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(100))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> training.isDone() || count(folder.toFile()) >= 2);
    if (training.isDone()) {
      training.join();
    }
    assertThat(training).as("the training whose checkpoints were waited for").isNotDone();
  }

  /** Without exceptions for files that are deleted meanwhile, as a stream of paths has them. */
  private static long count(File folder) {
    File[] files = folder.listFiles();
    return files == null
        ? 0
        : Arrays.stream(files)
            .mapToLong(f -> f.getName().endsWith(".safetensors") ? 1 : count(f))
            .sum();
  }
}
