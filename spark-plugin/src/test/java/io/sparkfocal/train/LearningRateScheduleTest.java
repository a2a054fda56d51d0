package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {

  private static final Offset<Double> EXACT = Offset.offset(1e-12);

  @Test
  void constantStaysAtOneAfterTheWarmup() {
    assertThat(LearningRateSchedule.CONSTANT.factor(0, 4, 20)).isCloseTo(0.2, EXACT);
    assertThat(LearningRateSchedule.CONSTANT.factor(3, 4, 20)).isCloseTo(0.8, EXACT);
    assertThat(LearningRateSchedule.CONSTANT.factor(4, 4, 20)).isEqualTo(1);
    assertThat(LearningRateSchedule.CONSTANT.factor(19, 4, 20)).isEqualTo(1);
  }

  @Test
  void cosineFallsFromOneToZeroOverTheStepsAfterTheWarmup() {
    assertThat(LearningRateSchedule.COSINE.factor(0, 0, 100)).isEqualTo(1);
    assertThat(LearningRateSchedule.COSINE.factor(50, 0, 100)).isCloseTo(0.5, EXACT);
    assertThat(LearningRateSchedule.COSINE.factor(99, 0, 100)).isBetween(0.0, 0.001);
    assertThat(LearningRateSchedule.COSINE.factor(10, 10, 110)).isEqualTo(1);
    assertThat(LearningRateSchedule.COSINE.factor(60, 10, 110)).isCloseTo(0.5, EXACT);
  }
}
