package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.Shuffle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is asked of batches that are streamed to a GPU, or to a stand-in for one. */
@Timeout(60)
abstract class StreamedBatchesContract {

  private static final int WIDTH = 3;

  /** Where the batches go; its GPU has number 0. */
  protected abstract Device device();

  static BuiltRows rows(int count) {
    double[][] rows = new double[count][];
    for (int i = 0; i < count; i++) {
      rows[i] = new double[] {i, -i, 2 * i, i % 3, 1 + i};
    }
    return BuiltRows.of(WIDTH, rows);
  }

  static void assertSame(Batch actual, Batch expected) {
    assertThat(actual.features().getShape()).isEqualTo(expected.features().getShape());
    assertThat(actual.features().toFloatArray()).isEqualTo(expected.features().toFloatArray());
    assertThat(actual.labels().toLongArray()).isEqualTo(expected.labels().toLongArray());
    assertThat(actual.weights().toFloatArray()).isEqualTo(expected.weights().toFloatArray());
  }

  @Test
  void batchesAreThoseOfTheHostWhetherTheyWereExpectedOrNot() {
    BuiltRows source = rows(520);
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch");
        StagingPool pool = new StagingPool(0);
        Batches host = new HostBatches(source.shuffled(Shuffle.of(1, 1, 0)), false, manager);
        Batches streamed =
            new StreamedBatches(source.shuffled(Shuffle.of(1, 1, 0)), manager, pool)) {
      host.skip(20);
      streamed.skip(20);
      int[] sizes = {70, 70, 71, 70, 0, 100, 1, 118};
      for (int i = 0; i < sizes.length; i++) {
        try (NDScope scope = new NDScope()) {
          scope.suppressNotUsedWarning();
          Batch batch = streamed.next(sizes[i]);
          if (i + 1 < sizes.length && i != 3) {
            streamed.expect(sizes[i + 1]);
          }
          // What is on its way must not reach the batch in use.
          assertSame(batch, host.next(sizes[i]));
        }
      }
    }
  }

  @Test
  void anotherSizeThanTheExpectedOneIsRefused() {
    BuiltRows source = rows(20);
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch");
        StagingPool pool = new StagingPool(0);
        Batches streamed = new StreamedBatches(source.ordered(), manager, pool)) {
      streamed.expect(7);
      assertThatThrownBy(() -> streamed.next(8))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("A batch of 7 rows was expected, but one of 8 is asked for.");
    }
  }

  @Test
  void batchesThatNobodyTakesAreFreed() {
    BuiltRows source = rows(20);
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch");
        StagingPool pool = new StagingPool(0)) {
      Batches streamed = new StreamedBatches(source.ordered(), manager, pool);
      streamed.expect(7);
      streamed.close();
      assertThat(manager.isOpen()).isTrue();
    }
  }
}
