package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RowOrderTest {

  private static List<Long> visited(long rows, long steps, long seed, int epoch, int rank) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      RowOrder order = RowOrder.shuffled(manager, rows, steps, seed, epoch, rank);
      List<Long> visited = new ArrayList<>();
      for (long step = 0; step < steps; step++) {
        long[] numbers = order.rowsOf(step).toLongArray();
        assertThat((long) numbers.length).isBetween(rows / steps, rows / steps + 1);
        LongStream.of(numbers).forEach(visited::add);
      }
      return visited;
    }
  }

  @Test
  void everyRowIsVisitedOnceHoweverManyStepsThereAre() {
    for (long steps : new long[] {1, 2, 7, 50, 100}) {
      assertThat(visited(50, steps, 1, 1, 0))
          .containsExactlyInAnyOrderElementsOf(LongStream.range(0, 50).boxed().toList());
    }
    assertThat(visited(0, 3, 1, 1, 0)).isEmpty();
  }

  @Test
  void theOrderDependsOnSeedEpochAndRank() {
    List<Long> order = visited(50, 5, 1, 1, 0);
    assertThat(visited(50, 5, 1, 1, 0)).isEqualTo(order);
    assertThat(visited(50, 5, 2, 1, 0)).isNotEqualTo(order);
    assertThat(visited(50, 5, 1, 2, 0)).isNotEqualTo(order);
    assertThat(visited(50, 5, 1, 1, 1)).isNotEqualTo(order);
  }

  @Test
  void anEpochHasNoMoreStepsThanTheLargestShardHasRows() {
    assertThat(new RunSize(1000, 600, 0).stepsPerEpoch(256)).isEqualTo(4);
    assertThat(new RunSize(6, 2, 0).stepsPerEpoch(1)).isEqualTo(2);
    assertThat(new RunSize(5, 5, 0).stepsPerEpoch(100)).isEqualTo(1);
  }
}
