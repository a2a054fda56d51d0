package io.sparkfocal.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be said of the images without building them. */
class ContainerFilesTest {

  private static final Path FOLDER = Path.of("..", "conf", "container");

  private static List<String> arguments(String dockerfile, String instruction) throws IOException {
    return Files.readAllLines(FOLDER.resolve(dockerfile)).stream()
        .filter(line -> line.startsWith(instruction + " "))
        .map(line -> line.substring(instruction.length() + 1))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Dockerfile", "Dockerfile.cpu"})
  void theUserIsTheNumberThatTheInstallScriptGivesIt(String dockerfile) throws IOException {
    String uid =
        Files.readAllLines(FOLDER.resolve("install")).stream()
            .filter(line -> line.startsWith("uid="))
            .map(line -> line.substring("uid=".length()))
            .findFirst()
            .orElseThrow();
    // Kubernetes' runAsNonRoot refuses an image whose user is a name.
    assertThat(uid).containsOnlyDigits().isNotEqualTo("0");
    assertThat(arguments(dockerfile, "USER")).containsExactly(uid, "root", uid);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Dockerfile", "Dockerfile.cpu"})
  void theHealthCheckStartsNeitherPyTorchNorCuda(String dockerfile) throws IOException {
    assertThat(arguments(dockerfile, "HEALTHCHECK"))
        .singleElement()
        .asString()
        .endsWith("CMD [\"doctor\", \"--quick\"]");
  }
}
