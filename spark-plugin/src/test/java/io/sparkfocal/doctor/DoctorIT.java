package io.sparkfocal.doctor;

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

@Timeout(200)
class DoctorIT {

  private static final String CLASS_PATH = System.getProperty("java.class.path");

  @TempDir Path folder;

  private static String without(String... parts) {
    return Arrays.stream(CLASS_PATH.split(File.pathSeparator))
        .filter(entry -> Arrays.stream(parts).noneMatch(entry::contains))
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Test
  void aMachineWithoutSparkIsChecked() throws Exception {
    OtherJvm.Ended ended =
        OtherJvm.run(without("spark-core", "spark-sql", "scala-library"), Map.of(), Doctor.class);
    assertThat(ended.exitCode()).as(ended.output()).isZero();
    assertThat(ended.output())
        .contains("ok    JVM")
        .contains("ok    glibc")
        .containsPattern("ok    PyTorch +2\\.7\\.1: /.*/libtorch_cpu\\.so, /.*djl_torch\\.so\n")
        .contains("ok    tensor on CPU  sums are right")
        .endsWith("doctor ok checks=4\n");
  }

  @Test
  void whatIsMissingIsToldWithWhatToSet() throws Exception {
    OtherJvm.Ended ended =
        OtherJvm.run(
            without("pytorch-native"),
            Map.of("ENGINE_CACHE_DIR", folder.toString(), "DJL_OFFLINE", "true"),
            Doctor.class);
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.output())
        .contains("FAIL  PyTorch")
        .contains("put pytorch-jni and pytorch-native-cpu for this platform on the class path")
        .endsWith("doctor failed checks=3 failed=1\n");
  }
}
