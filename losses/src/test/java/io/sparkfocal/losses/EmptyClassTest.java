package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses that are made for classes of which some have no training rows. */
class EmptyClassTest {

  /** Labels from 1, a gap, and a class that is only declared. */
  private static final long[] COUNTS = {0, 60, 0, 30, 10, 0};

  static Stream<String> names() {
    return LossCatalogue.names().stream();
  }

  /** Its rows may still be among those that are validated on, so every label is tried. */
  @ParameterizedTest
  @MethodSource("names")
  void everyLossKeepsTheContract(String name) {
    ClassificationLoss loss = LossCatalogue.make(name, Map.of(), COUNTS);
    assertThat(LossContract.verify(loss, COUNTS.length).toString()).doesNotContain("FAIL");
  }

  @Test
  void anEmptyClassLeavesTheMarginsOfTheOthersAsTheyAre() {
    double[][] logits = {{0.3, -1, 2, -50}, {1, 0, -1, -50}, {0.1, 0.2, 0.3, -50}};
    double[][] narrow = {{0.3, -1, 2}, {1, 0, -1}, {0.1, 0.2, 0.3}};
    double[] values =
        Kernels.run(new LdamLoss(0.5f, 1, 90, 30, 10, 0), DataType.FLOAT64, logits, 0, 1, 2)
            .values();
    double[] expected =
        Kernels.run(new LdamLoss(0.5f, 1, 90, 30, 10), DataType.FLOAT64, narrow, 0, 1, 2).values();
    assertThat(values).containsExactly(expected, within(1e-12));
  }
}
