package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.spark.ml.param.Param;
import org.junit.jupiter.api.Test;

/** The params of the Python package against the code. */
class PythonPageTest {

  private static final Path PAGE = Path.of("../python/src/sparkfocal/_generated.py");

  @Test
  void pythonHasTheParamsOfTheCode() throws IOException {
    if ("write".equals(System.getProperty("spark-focal.docs"))) {
      Files.writeString(PAGE, PythonPage.text());
    }
    assertThat(PAGE).content().isEqualTo(PythonPage.text());
    assertThat(PythonPage.text())
        .contains(
            Arrays.stream(new FocalLossClassifier().params())
                .map(Param::name)
                .map(name -> "        " + name + ": ")
                .toList());
  }
}
