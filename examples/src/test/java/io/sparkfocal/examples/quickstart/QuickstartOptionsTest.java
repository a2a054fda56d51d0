package io.sparkfocal.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuickstartOptionsTest {

  @Test
  void withoutOptionsTheLossesAreComparedOnTheFlights() {
    QuickstartOptions options = QuickstartOptions.parse();
    assertThat(options.compares()).isTrue();
    assertThat(options.input()).isEqualTo("examples/data/flights.csv.gz");
    assertThat(options.label()).isEqualTo("late");
    assertThat(options.workers()).isEqualTo(2);
    assertThat(options.epochs()).isEqualTo(8);
    assertThat(QuickstartOptions.parse("--data", "shuttle").label()).isEqualTo("Class");
  }

  @Test
  void anInputOfOnesOwnIsTrainedOnce() {
    QuickstartOptions options =
        QuickstartOptions.parse("--input", "a.parquet", "--label", "y", "--loss", "ce");
    assertThat(options.compares()).isFalse();
    assertThat(options.input()).isEqualTo("a.parquet");
    assertThat(options.loss()).isEqualTo("ce");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--colour red | Unknown option \"--colour\"",
        "--input a.csv | --input needs --label, the column to predict.",
        "--data iris | --data is \"iris\"; choose flights or shuttle.",
        "--epochs | Option --epochs has no value.",
        "--epochs 0 | --epochs is \"0\"; give a whole number of at least 1.",
        "--workers two | --workers is \"two\"; give a whole number of at least 1.",
        "--loss hinge | --loss is \"hinge\"; choose focal, weighted-ce or ce."
      })
  void whatCannotBeMeantIsRefused(String arguments, String sentence) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QuickstartOptions.parse(arguments.split(" ")))
        .withMessageContaining(sentence);
  }
}
