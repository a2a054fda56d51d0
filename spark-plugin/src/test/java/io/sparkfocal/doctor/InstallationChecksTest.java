package io.sparkfocal.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InstallationChecksTest {

  @ParameterizedTest
  @CsvSource({"2.29", "2.36", "2.100", "2.29.1", "2.31-13+deb11u11", "3.0", "10.2"})
  void theseVersionsOfGlibcDo(String version) {
    assertThat(InstallationChecks.requireGlibc("glibc " + version + "\n")).isEqualTo(version);
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.3", "2.9", "2.17", "2.28", "2.28.99", "1.99"})
  void olderOnesDoNot(String version) {
    assertThatIllegalStateException()
        .isThrownBy(() -> InstallationChecks.requireGlibc("glibc " + version + "\n"))
        .withMessage(
            "glibc is %s; PyTorch needs at least 2.29: use a newer system or container.", version);
  }

  @Test
  void aPyTorchOfTheUsersOwnMayBeForAnotherProcessor() {
    assertThat(InstallationChecks.requirePlatform("Linux", "aarch64", "/opt/torch/lib"))
        .isEqualTo("Linux, aarch64");
  }

  @ParameterizedTest
  @ValueSource(strings = {"17", "17.0.15", "21-ea", "25.0.1+8"})
  void theseVersionsOfJavaDo(String version) {
    InstallationChecks.requireJava(version, "JAVA_HOME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.8.0_392", "9-ea", "11.0.2", "16"})
  void olderVersionsOfJavaDoNot(String version) {
    assertThatIllegalStateException()
        .isThrownBy(() -> InstallationChecks.requireJava(version, "JAVA_HOME"))
        .withMessage("Java is %s; set JAVA_HOME to a Java of at least 17.", version);
  }
}
