package io.sparkfocal.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.OtherJvm;
import io.sparkfocal.testing.TestSpark;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        .contains("ok    platform       Linux, amd64")
        .endsWith("doctor ok checks=5\n");
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
        .endsWith("doctor failed checks=4 failed=1\n");
  }

  @Test
  void theQuickCheckLooksAtFilesAndStartsNothing() throws Exception {
    Path cache = folder.resolve("cache");
    OtherJvm.Ended ended =
        OtherJvm.run(
            without("spark-core", "spark-sql", "scala-library"),
            Map.of("ENGINE_CACHE_DIR", cache.toString(), "DJL_OFFLINE", "true"),
            Doctor.class,
            "--quick");
    assertThat(ended.exitCode()).as(ended.output()).isZero();
    assertThat(ended.output())
        .contains("ok    libraries      in the class path")
        .contains("ok    cache folder   " + cache)
        .endsWith("doctor ok checks=5\n");
    // PyTorch would have been unpacked there.
    assertThat(cache).doesNotExist();
  }

  @Test
  void theQuickCheckFailsWhereLibrariesAreMissing() throws Exception {
    OtherJvm.Ended ended =
        OtherJvm.run(without("pytorch-native"), Map.of(), Doctor.class, "--quick");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.output())
        .contains(
            "FAIL  libraries      pytorch/cpu/linux-x86_64/libtorch_cpu.so is not in the class path; put pytorch-jni and")
        .endsWith("doctor failed checks=5 failed=1\n");
  }

  @ParameterizedTest
  @CsvSource({
    "'openjdk version \"11.0.2\" 2019-01-15', 11",
    "'java version \"1.8.0_392\"', 8",
    "'openjdk version \"9-ea\"', 9"
  })
  void anOlderJavaIsToldInsteadOfAnUnsupportedClassVersion(String banner, String version)
      throws Exception {
    Path java = folder.resolve("bin").resolve("java");
    Files.createDirectories(java.getParent());
    Files.writeString(
        java,
        "#!/bin/sh\necho 'Picked up JAVA_TOOL_OPTIONS: -Xmx1g' >&2\necho '" + banner + "' >&2\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    OtherJvm.Ended ended = script(folder, "--quick");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.output())
        .isEqualTo(
            "FAIL  JVM            Java is %s (%s); set JAVA_HOME to a Java of at least 17.%ndoctor failed checks=1 failed=1%n"
                .formatted(version, java));
  }

  @Test
  void aMissingJavaIsTold() throws Exception {
    OtherJvm.Ended ended = script(folder.resolve("nowhere"), "--quick");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.output())
        .startsWith("FAIL  JVM            " + folder.resolve("nowhere/bin/java"))
        .contains("does not run; install a Java of at least 17, or set JAVA_HOME to one.");
  }

  @Test
  void javaAndProcessorOfExecutorsAreAskedWithoutAClassOfOurs() {
    List<String> platforms = SparkChecks.platforms(TestSpark.twoExecutors());
    assertThat(platforms).containsExactly(System.getProperty("java.version") + ",Linux,amd64");
    assertThat(SparkChecks.requirePlatforms(platforms, null))
        .isEqualTo("of executors: Java " + platforms.get(0));
    TestSpark.stop();
  }

  /** {@code bin/doctor} with that JAVA_HOME. */
  private static OtherJvm.Ended script(Path javaHome, String option) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                "bash", Path.of("..", "bin", "doctor").toAbsolutePath().toString(), option)
            .redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", javaHome.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new OtherJvm.Ended(process.waitFor(), output);
  }
}
