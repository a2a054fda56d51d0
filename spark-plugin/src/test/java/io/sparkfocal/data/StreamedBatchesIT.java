package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.cuda.Gpu;
import io.sparkfocal.testing.CudaStandIn;
import io.sparkfocal.testing.CudaStandIn.Counter;
import io.sparkfocal.testing.ScarceMemory;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.Shuffle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** Over a stand-in of CUDA that copies as late as it may. */
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class StreamedBatchesIT extends StreamedBatchesContract {

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folders());
  }

  @Override
  protected Device device() {
    return Device.cpu();
  }

  /** Pinning and freeing wait for all GPUs of a process, another rank's all-reduce included. */
  @Test
  void pinnedMemoryAndStreamAreThoseOfTheShardWhateverTheNumberOfEpochs() {
    int allocations = Counter.HOST_ALLOCATIONS.now();
    int frees = Counter.HOST_FREES.now();
    int streams = Counter.STREAMS.now();
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      HostShard shard =
          new HostShard(
              rows(100).shard(), Standardization.none(3), false, Augmentation.NONE, manager, 0);
      for (int epoch = 1; epoch <= 5; epoch++) {
        try (Batches training = shard.shuffled(Shuffle.of(1, epoch, 0))) {
          for (int rows : new int[] {33, 34, 33}) {
            training.next(rows);
          }
        }
        try (Batches evaluation = shard.ordered()) {
          evaluation.next(20);
        }
      }
      assertThat(Counter.HOST_ALLOCATIONS.now() - allocations).isEqualTo(2);
      assertThat(Counter.HOST_FREES.now() - frees).isZero();
      assertThat(Counter.STREAMS.now() - streams).isEqualTo(1);
      try (Batches one = shard.ordered();
          Batches other = shard.ordered()) {
        assertThat(one.next(10).weights().toFloatArray())
            .isEqualTo(other.next(10).weights().toFloatArray());
        other.next(90);
        assertThat(one.next(5).weights().getShape().get(0)).isEqualTo(5);
      }
      shard.close();
      shard.close();
      assertThat(Counter.HOST_FREES.now() - frees)
          .isEqualTo(Counter.HOST_ALLOCATIONS.now() - allocations);
      assertThat(Counter.STREAMS.now()).isEqualTo(streams);
    }
  }

  @Test
  void whatMemoryDidNotSufficeForIsBroughtByTheNextCall() {
    BuiltRows source = rows(40);
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        StagingPool pool = new StagingPool(0);
        Batches host = new HostBatches(source.ordered(), false, manager);
        Batches streamed =
            new StreamedBatches(source.ordered(), new ScarceMemory(manager, 2).manager(), pool)) {
      assertThatThrownBy(() -> streamed.next(15)).hasMessageContaining("out of memory");
      assertThatThrownBy(() -> streamed.expect(15)).hasMessageContaining("out of memory");
      assertSame(streamed.next(15), host.next(15));
      assertSame(streamed.next(25), host.next(25));
    }
  }

  @Test
  void freeMemoryIsThatOfTheDevice() {
    assertThat(Gpu.of(0).freeMemory()).isEqualTo(1L << 29);
  }
}
