package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ShuffleTest {

  private static int[] order(long seed, int epoch, int rank) {
    return Shuffle.of(seed, epoch, rank).order(50);
  }

  @Test
  void everyNumberIsThereOnce() {
    assertThat(Arrays.stream(order(1, 1, 0)).sorted()).containsExactly(range(50));
    assertThat(Shuffle.of(1, 1, 0).order(0)).isEmpty();
  }

  private static Integer[] range(int end) {
    return IntStream.range(0, end).boxed().toArray(Integer[]::new);
  }

  @Test
  void theOrderDependsOnSeedEpochAndRank() {
    int[] order = order(1, 1, 0);
    assertThat(order(1, 1, 0)).isEqualTo(order);
    assertThat(order(2, 1, 0)).isNotEqualTo(order);
    assertThat(order(1, 2, 0)).isNotEqualTo(order);
    assertThat(order(1, 1, 1)).isNotEqualTo(order);
  }

  @Test
  void theStepsOfAnEpochTakeEveryRowOnce() {
    for (long steps : new long[] {1, 2, 7, 50, 100}) {
      assertThat(
              LongStream.range(0, steps)
                  .mapToInt(step -> RunSize.rowsOfStep(50, step, steps))
                  .sum())
          .isEqualTo(50);
      assertThat(RunSize.rowsOfStep(0, steps - 1, steps)).isZero();
    }
  }

  @Test
  void anEpochHasNoMoreStepsThanTheLargestShardHasRows() {
    assertThat(new RunSize(1000, 600, 0).stepsPerEpoch(256)).isEqualTo(4);
    assertThat(new RunSize(6, 2, 0).stepsPerEpoch(1)).isEqualTo(2);
    assertThat(new RunSize(5, 5, 0).stepsPerEpoch(100)).isEqualTo(1);
  }
}
