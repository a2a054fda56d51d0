package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ClassBalanceTest {

  @Test
  void balancedWeightsGiveEveryClassTheSameTotal() {
    float[] alpha = ClassBalance.balanced(60, 30, 0, 10);
    assertThat(alpha[0] * 60).isCloseTo(100f / 3, within(1e-4f));
    assertThat(alpha[1] * 30).isCloseTo(100f / 3, within(1e-4f));
    assertThat(alpha[3] * 10).isCloseTo(100f / 3, within(1e-4f));
    assertThat(alpha[2]).isZero();
  }

  @Test
  void theEffectiveNumberLiesBetweenNoWeightsAndBalancedOnes() {
    assertThat(ClassBalance.effectiveNumber(0, 60, 30, 0, 10)).containsExactly(1, 1, 0, 1);
    float[] nearOne = ClassBalance.effectiveNumber(1 - 1e-12, 60, 30, 10);
    float[] balanced = ClassBalance.balanced(60, 30, 10);
    float scale = 3 / (balanced[0] + balanced[1] + balanced[2]);
    for (int c = 0; c < 3; c++) {
      assertThat(nearOne[c]).isCloseTo(scale * balanced[c], within(1e-4f));
    }
    // By hand: (1 - 0.9) / (1 - 0.9^n) for n of 1 and 2 is 1 and 1 / 1.9.
    float[] two = ClassBalance.effectiveNumber(0.9, 1, 2);
    assertThat(two[0] / two[1]).isCloseTo(1.9f, within(1e-6f));
    assertThat(two[0] + two[1]).isCloseTo(2, within(1e-6f));
  }

  @Test
  void logPriorsAreTheLogarithmsOfTheShares() {
    assertThat(ClassBalance.logPriors(1, 3))
        .containsExactly(new float[] {(float) Math.log(0.25), (float) Math.log(0.75)});
  }

  @Test
  void aClassWithoutRowsHasThePriorOfHalfARow() {
    float[] logs = ClassBalance.logPriors(6, 0, 3, 0);
    for (int c = 0; c < 4; c++) {
      double rows = new double[] {6, 0.5, 3, 0.5}[c];
      assertThat(Math.exp(logs[c])).isCloseTo(rows / 10, within(1e-7));
    }
  }

  @Test
  void noWeightOrPriorOfAClassWithoutRowsIsMoreThanFinite() {
    long[] counts = {6, 0, 3, 0};
    for (float[] weights :
        new float[][] {
          ClassBalance.balanced(counts),
          ClassBalance.effectiveNumber(0.9, counts),
          ClassBalance.logPriors(counts)
        }) {
      for (float weight : weights) {
        assertThat(weight).isFinite();
      }
    }
    float[] balanced = ClassBalance.balanced(counts);
    assertThat((6 * balanced[0] + 3 * balanced[2]) / 9).isCloseTo(1, within(1e-6f));
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> ClassBalance.balanced(0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> ClassBalance.balanced(1, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> ClassBalance.effectiveNumber(1, 1, 2));
  }

  @Test
  void theCatalogueMakesEveryLossWithItsDefaults() {
    for (String name : LossCatalogue.names()) {
      assertThat(LossCatalogue.make(name, Map.of(), 100, 10)).isNotNull();
      for (String number : LossCatalogue.numbers(name).keySet()) {
        assertThatIllegalArgumentException()
            .as("%s of %s", number, name)
            .isThrownBy(() -> LossCatalogue.make(name, Map.of(number, -7.0), 100, 10));
      }
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LossCatalogue.make("focal", Map.of("gama", 1.0)))
        .withMessage("Loss focal has no number \"gama\"; it has [gamma].");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LossCatalogue.make("hinge", Map.of()))
        .withMessageStartingWith("Unknown loss \"hinge\"; choose crossEntropy, focal, ");
  }
}
