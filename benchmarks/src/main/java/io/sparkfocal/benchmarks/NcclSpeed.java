package io.sparkfocal.benchmarks;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.nccl.NcclCollective;
import io.sparkfocal.compat.DeviceBuffer;
import io.sparkfocal.cuda.Gpu;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** All-reduce over NCCL between ranks of this process, each on a GPU of its own. */
final class NcclSpeed {

  /** Lets ranks share a GPU, from NCCL 2.30 on. */
  private static final String SHARED = "NCCL_MULTI_RANK_GPU_ENABLE";

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int REPEATS = 20;

  private NcclSpeed() {}

  /** As many ranks as there are GPUs, or two on one where NCCL is told to; 0 for one GPU alone. */
  static int ranks() {
    int gpus = Gpu.count();
    return gpus > 1 ? gpus : gpus == 1 && "1".equals(System.getenv(SHARED)) ? 2 : 0;
  }

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
    int gpu = control.rank() % Math.max(1, Gpu.count());
    Device device = Gpu.count() == 0 ? Device.cpu() : Device.gpu(gpu);
    String name = "Rank " + control.rank();
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch");
        NcclCollective nccl = NcclCollective.join(control, name, gpu, TIMEOUT)) {
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
