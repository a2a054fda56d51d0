package io.sparkfocal.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.OtherJvm;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
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

  @Test
  void itLoadsOnceWithTheThreadsOfATask() throws Exception {
    OtherJvm.Ended ended =
        OtherJvm.run(System.getProperty("java.class.path"), Map.of(), Load.class);
    assertThat(ended.output().lines().filter("loaded, threads 1"::equals)).hasSize(2);
  }

  @Test
  void aLibraryThatIsMissingIsToldToEveryCallerWithWhatToDo() throws Exception {
    String withoutNatives =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("pytorch-native"))
            .collect(Collectors.joining(File.pathSeparator));
    OtherJvm.Ended ended =
        OtherJvm.run(
            withoutNatives,
            Map.of("ENGINE_CACHE_DIR", folder.toString(), "DJL_OFFLINE", "true"),
            Load.class);
    assertThat(ended.output().lines().filter(line -> line.startsWith("failed: ")))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .startsWith("failed: The PyTorch engine does not load (")
                    .contains("put pytorch-jni and pytorch-native-cpu for this platform")
                    .endsWith("the cache folder is " + folder + "."));
  }
}
