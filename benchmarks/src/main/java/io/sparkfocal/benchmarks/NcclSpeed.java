package io.sparkfocal.benchmarks;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.nccl.NcclCollective;
import io.sparkfocal.compat.DeviceBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** All-reduce over NCCL between ranks of this process, each on a GPU of its own. */
final class NcclSpeed {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int REPEATS = 20;

  private NcclSpeed() {}

  /**
   * Bytes per second that each rank sends and receives at best, 2 (n - 1) / n times those that are
   * summed.
   */
  static double busBandwidth(int ranks, int megabytes) {
    LocalGroup group = LocalGroup.of(ranks, TIMEOUT);
    ExecutorService threads = Executors.newFixedThreadPool(ranks);
    try {
      List<CompletableFuture<Double>> seconds =
          IntStream.range(0, ranks)
              .mapToObj(
                  rank ->
                      CompletableFuture.supplyAsync(
                          () -> seconds(group.member(rank), megabytes), threads))
              .toList();
      double slowest = seconds.stream().mapToDouble(CompletableFuture::join).max().orElseThrow();
      return 2.0 * (ranks - 1) / ranks * (megabytes << 20) / slowest;
    } finally {
      threads.shutdownNow();
    }
  }

  private static double seconds(Collective control, int megabytes) {
    int gpu = control.rank();
    try (NDManager manager = NDManager.newBaseManager(Device.gpu(gpu), "PyTorch");
        NcclCollective nccl = NcclCollective.join(control, "Rank " + gpu, gpu, TIMEOUT)) {
      NDArray values = manager.zeros(new Shape(megabytes * (1L << 20) / Float.BYTES));
      long start = 0;
      for (int call = -REPEATS; call < REPEATS; call++) {
        if (call == 0) {
          nccl.barrier();
          start = System.nanoTime();
        }
        nccl.allReduce(DeviceBuffer.of(values));
      }
      nccl.finish();
      return (System.nanoTime() - start) / 1e9 / REPEATS;
    }
  }
}
