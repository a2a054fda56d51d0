package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.FusedKernels;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.Shuffle;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostShardTest {

  private static RankRows rows(int count) {
    double[][] rows = new double[count][];
    for (int i = 0; i < count; i++) {
      rows[i] = new double[] {i, -i, i % 3, 1 + i};
    }
    return BuiltRows.of(2, rows).asRank();
  }

  @Test
  void batchesOfEverySizeHaveTheRowsEachOnceAndOutliveTheScopeOfAStep() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        RankRows rows = rows(300)) {
      Shard shard = rows.training(manager, FusedKernels.none());
      List<Float> seen = new ArrayList<>();
      try (Batches batches = shard.shuffled(Shuffle.of(1, 1, 0))) {
        for (int size : new int[] {70, 70, 0, 71, 1, 88}) {
          try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            check(batches.next(size), size, seen);
          }
        }
      }
      assertThat(seen).hasSize(300).doesNotHaveDuplicates();
      assertThat(rows.validation(manager, FusedKernels.none()).rows()).isZero();
    }
  }

  private static void check(Batch batch, int size, List<Float> seen) {
    float[] features = batch.features().toFloatArray();
    long[] labels = batch.labels().toLongArray();
    float[] weights = batch.weights().toFloatArray();
    assertThat(labels).hasSize(size);
    for (int i = 0; i < size; i++) {
      float value = features[2 * i];
      assertThat(features[2 * i + 1]).isEqualTo(-value);
      assertThat(labels[i]).isEqualTo((long) value % 3);
      assertThat(weights[i]).isEqualTo(1 + value);
      seen.add(value);
    }
  }
}
