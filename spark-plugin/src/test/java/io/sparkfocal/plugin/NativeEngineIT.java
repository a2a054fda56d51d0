package io.sparkfocal.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.OtherJvm;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** In JVMs of their own, since an engine is loaded once. */
@Timeout(200)
class NativeEngineIT {

  @TempDir Path folder;

  /** Asks twice, as a warm-up and a task do. */
  static final class Load {
    private Load() {}

    public static void main(String[] arguments) {
      for (int i = 0; i < 2; i++) {
        try {
          NativeEngine.require(1);
          System.out.println("loaded, threads " + System.getProperty("ai.djl.pytorch.num_threads"));
        } catch (IllegalStateException e) {
          System.out.println("failed: " + e.getMessage());
        }
      }
    }
  }

  private OtherJvm.Ended load(Map<String, String> variables) throws Exception {
    return OtherJvm.run(System.getProperty("java.class.path"), variables, Load.class);
  }

  @Test
  void itLoadsOnceWithTheThreadsOfATask() throws Exception {
    OtherJvm.Ended ended = load(Map.of());
    assertThat(ended.output().lines().filter("loaded, threads 1"::equals)).hasSize(2);
  }

  @Test
  void aLibraryThatDoesNotLoadIsToldToEveryCallerWithWhatToDo() throws Exception {
    OtherJvm.Ended ended =
        load(Map.of("PYTORCH_LIBRARY_PATH", folder.toString(), "PYTORCH_FLAVOR", "cpu"));
    assertThat(ended.output().lines().filter(line -> line.startsWith("failed: ")))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .startsWith("failed: The PyTorch engine does not load (")
                    .contains("or set PYTORCH_LIBRARY_PATH; the cache folder is "));
  }
}
