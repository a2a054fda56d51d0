package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LocalFolderTest {

  private static String warning(String folder, String... hosts) {
    return LocalFolder.warning(
        "checkpointDir",
        folder,
        "a restart begins from the beginning",
        List.of(hosts),
        "driver"::equals);
  }

  @Test
  void aLocalFolderOnAnotherHostThanTheDriversIsWarnedOf() {
    assertThat(warning("file:/c", "driver", "worker"))
        .isEqualTo(
            "checkpointDir is file:/c, on a local disk, but an executor runs on host worker, not on the driver's: unless the folder is mounted on all hosts, a restart begins from the beginning; set checkpointDir to a folder of a file system that driver and executors share.");
  }

  @Test
  void oneHostOrASharedFileSystemIsNot() {
    assertThat(warning("file:/c", "driver", "driver")).isNull();
    assertThat(warning("hdfs://n/c", "driver", "worker")).isNull();
  }
}
