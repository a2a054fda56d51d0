package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import io.sparkfocal.train.Batch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NonZeroBatchTest {

  private static int[] ints(Batch batch, boolean starts) {
    return (starts ? batch.nonZeros().rowStarts() : batch.nonZeros().columns()).toIntArray();
  }

  @Test
  void aBatchIsFilledAgainAndAgain() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        NonZeroBatch rows = new NonZeroBatch(2, 0, manager)) {
      for (float value = 1; value <= 2; value++) {
        rows.begin();
        rows.add(new int[] {7, 1, 9}, new float[] {0, value, 5}, 1, 3, 0.5f);
        rows.labels().putLong(4);
        rows.add(new int[0], new float[0], 0, 0, value);
        rows.labels().putLong(1L << 40);
        Batch batch = rows.batch();
        assertThat(ints(batch, true)).containsExactly(0, 2, 2);
        assertThat(ints(batch, false)).startsWith(1, 9);
        assertThat(batch.features().toFloatArray()).startsWith(value, 5);
        assertThat(batch.labels().toLongArray()).containsExactly(4, 1L << 40);
        assertThat(batch.weights().toFloatArray()).containsExactly(0.5f, value);
      }
    }
  }

  @Test
  void itGrowsWithItsNonZerosAndOutlivesAStep() {
    int[] columns = IntStream.range(0, 3000).map(i -> 5 * i).toArray();
    float[] values = new float[columns.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 1;
    }
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NonZeroBatch rows = new NonZeroBatch(3, 0, manager);
      try (NDScope step = new NDScope()) {
        step.suppressNotUsedWarning();
        rows.add(columns, values, 0, 600, 1);
        rows.labels().putLong(0);
        rows.add(columns, values, 600, 1700, 2);
        rows.labels().putLong(1);
      }
      rows.add(columns, values, 1700, 3000, 3);
      rows.labels().putLong(2);
      Batch batch = rows.batch();
      assertThat(ints(batch, true)).containsExactly(0, 600, 1700, 3000);
      assertThat(ints(batch, false)).startsWith(columns);
      assertThat(batch.features().toFloatArray()).startsWith(values);
      assertThat(batch.labels().toLongArray()).containsExactly(0, 1, 2);
      assertThat(batch.weights().toFloatArray()).containsExactly(1, 2, 3);
      rows.close();
      assertThat(manager.getManagedArrays()).isEmpty();
    }
  }

  @Test
  void rowsMayHaveSeveralLabels() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        NonZeroBatch rows = new NonZeroBatch(2, 3, manager)) {
      rows.begin();
      for (int row = 0; row < 2; row++) {
        rows.add(new int[] {row}, new float[] {1}, 0, 1, 1);
        rows.labels().putFloat(row).putFloat(0.5f).putFloat(1 - row);
      }
      Batch batch = rows.batch();
      assertThat(batch.labels().getShape().getShape()).containsExactly(2, 3);
      assertThat(batch.labels().toFloatArray()).containsExactly(0, 0.5f, 1, 1, 0.5f, 0);
    }
  }
}
