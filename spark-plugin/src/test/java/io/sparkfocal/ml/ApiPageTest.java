package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.spark.ml.param.Param;
import org.junit.jupiter.api.Test;

/** {@code docs/api.md} against the code. */
class ApiPageTest {

  private static final Path PAGE = Path.of("../docs/api.md");

  @Test
  void thePageSaysWhatTheCodeDoes() throws IOException {
    if ("write".equals(System.getProperty("spark-focal.docs"))) {
      Files.writeString(PAGE, ApiPage.text());
    }
    assertThat(PAGE).content().isEqualTo(ApiPage.text());
  }

  @Test
  void everyParamIsOnThePage() {
    assertThat(ApiPage.names())
        .containsExactlyInAnyOrder(
            Arrays.stream(new FocalLossClassifier().params())
                .map(Param::name)
                .toArray(String[]::new));
  }
}
