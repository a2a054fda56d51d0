package io.sparkfocal.collective.nccl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.compat.DeviceBuffer;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.cuda.CudaLibraries;
import java.time.Duration;

/** One of two ranks that sum over NCCL; then rank 1 is stopped, and rank 0 sums alone. */
final class NcclProcess {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private NcclProcess() {}

  /** Takes rank, port of {@link LoopbackPair}, folders of libraries, "cpu" or "gpu", GPU. */
  public static void main(String[] arguments) throws Exception {
    int rank = Integer.parseInt(arguments[0]);
    CudaLibraries.lookFirstIn(arguments[2]);
    int gpu = Integer.parseInt(arguments[4]);
    Device device = arguments[3].equals("gpu") ? Device.gpu(gpu) : Device.cpu();
    LoopbackPair control = LoopbackPair.of(rank, Integer.parseInt(arguments[1]));
    NDManager manager = NDManager.newBaseManager(device, "PyTorch");
    NcclCollective nccl =
        NcclCollective.join(control, "Rank %d of 2".formatted(rank), gpu, TIMEOUT);
    NDArray values = manager.full(new Shape(1 << 20), rank + 1f);
    nccl.allReduce(DeviceBuffer.of(values));
    nccl.finish();
    float[] sums = TensorCopy.floats(values);
    System.out.printf("sums %s to %s%n", sums[0], sums[sums.length - 1]);
    if (rank == 1) {
      long self = ProcessHandle.current().pid();
      new ProcessBuilder("kill", "-STOP", Long.toString(self)).start().waitFor();
      return;
    }
    try {
      nccl.allReduce(DeviceBuffer.of(values));
      nccl.finish();
      System.out.println("not noticed");
    } catch (CollectiveException e) {
      System.out.println("told: " + e.getMessage());
    }
    nccl.close();
    // What a launch after the abort makes of the GPU.
    System.out.println("sum afterwards " + TensorCopy.floats(manager.ones(new Shape(10)).sum())[0]);
    Runtime.getRuntime().halt(0);
  }
}
