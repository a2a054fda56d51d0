package io.sparkfocal.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.losses.LossCatalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code docs/losses.md} and its plots against the code. */
class LossDocumentationTest {

  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern NUMBERS = Pattern.compile("-?\\d+(\\.\\d+)?");
  private static Map<String, String> plots;
  private static String text;

  @BeforeAll
  static void draw() throws IOException {
    plots = LossPlots.plots();
    text = Files.readString(DOCS.resolve("losses.md"));
  }

  static Stream<String> names() {
    return LossCatalogue.names().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyLossIsDescribedWithItsNumbers(String name) {
    assertThat(text).contains("### `" + name + "`").contains("plots/" + name + ".svg");
    String section = text.substring(text.indexOf("### `" + name + "`"));
    section =
        section.substring(
            0, section.indexOf("\n### ", 1) < 0 ? section.length() : section.indexOf("\n### ", 1));
    for (Map.Entry<String, Double> number : LossCatalogue.numbers(name).entrySet()) {
      double value = number.getValue();
      String shown =
          value == Math.rint(value) ? Integer.toString((int) value) : Double.toString(value);
      assertThat(section).contains("`" + number.getKey() + "` " + shown);
    }
    assertThat(section).contains("arXiv");
  }

  /** To a pixel, since another CPU may round otherwise. */
  @ParameterizedTest
  @MethodSource("names")
  void everyPlotIsThatOfTheCode(String name) throws IOException {
    String there = Files.readString(DOCS.resolve("plots").resolve(name + ".svg"));
    String drawn = plots.get(name);
    assertThat(NUMBERS.matcher(there).replaceAll("#"))
        .isEqualTo(NUMBERS.matcher(drawn).replaceAll("#"));
    Matcher expected = NUMBERS.matcher(drawn);
    Matcher actual = NUMBERS.matcher(there);
    while (expected.find() && actual.find()) {
      assertThat(Double.parseDouble(actual.group()))
          .isBetween(
              Double.parseDouble(expected.group()) - 1, Double.parseDouble(expected.group()) + 1);
    }
  }

  @Test
  void nothingIsDescribedThatIsNotThere() {
    Matcher headings = Pattern.compile("(?m)^### `(\\w+)`").matcher(text);
    while (headings.find()) {
      assertThat(LossCatalogue.names()).contains(headings.group(1));
    }
  }
}
