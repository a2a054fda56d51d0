package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkfocal.testing.OtherJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process whose memory is limited as a container's is, and which is killed beyond that. */
@Timeout(180)
class ContainerIT {

  private static final Path CGROUPS = Path.of("/sys/fs/cgroup/memory");
  private static final long LIMIT = 1L << 30;

  @Test
  void manyClassesAndManyValidationRowsFitInAContainer(@TempDir Path folder) throws Exception {
    assumeTrue(
        Files.isWritable(CGROUPS.resolve("cgroup.procs")),
        "memory can be limited by root where there is cgroup v1");
    Path group = CGROUPS.resolve("spark-focal-test-" + ProcessHandle.current().pid());
    Files.createDirectory(group);
    try {
      limit(group, "memory.limit_in_bytes");
      limit(group, "memory.memsw.limit_in_bytes");
      Path output = folder.resolve("output");
      Process process =
          OtherJvm.start(
              output, System.getProperty("java.class.path"), Map.of(), ManyClasses.class);
      try {
        Files.writeString(group.resolve("cgroup.procs"), Long.toString(process.pid()));
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        // 137 is that of a process that was killed.
        assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        assertThat(output).content().contains("validated: Evaluation[loss=");
      } finally {
        process.destroyForcibly().waitFor();
      }
    } finally {
      Awaitility.await().until(() -> removed(group));
    }
  }

  private static void limit(Path group, String file) throws IOException {
    Path limit = group.resolve(file);
    if (Files.exists(limit)) {
      Files.writeString(limit, Long.toString(LIMIT));
    }
  }

  /** A group can be removed when its processes are gone, which takes a moment. */
  private static boolean removed(Path group) {
    return !Files.exists(group) || group.toFile().delete();
  }
}
