package io.sparkfocal.doctor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.collective.nccl.GpuInfo;
import io.sparkfocal.collective.nccl.NcclCollective;
import io.sparkfocal.collective.nccl.NcclLibraries;
import io.sparkfocal.compat.DeviceBuffer;
import io.sparkfocal.cuda.Gpu;
import io.sparkfocal.cuda.LoadedLibraries;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.RowLosses;
import io.sparkfocal.plugin.NativeEngine;
import io.sparkfocal.train.FusedKernels;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;

/** What can be known of one machine without Spark: JVM, C library, PyTorch, CUDA, NCCL, GPUs. */
final class MachineChecks {

  private static final float TOLERANCE = 1e-4f;

  private MachineChecks() {}

  static void run(Report report) {
    InstallationChecks.platform(report);
    boolean engine = report.check("PyTorch", MachineChecks::pytorch);
    int gpus = engine ? Gpu.count() : 0;
    if (engine) {
      report.check("tensor on CPU", () -> tensorOn(Device.cpu()));
    }
    if (gpus == 0 && isForCuda()) {
      report.check("CUDA", MachineChecks::noGpu);
      return;
    }
    if (gpus == 0) {
      report.skip("CUDA", "no GPU: PyTorch sees none, so training runs on the CPU");
      return;
    }
    report.check("CUDA", MachineChecks::cuda);
    boolean nccl = report.check("NCCL", MachineChecks::nccl);
    for (int number = 0; number < gpus; number++) {
      int gpu = number;
      if (nccl) {
        report.check("GPU " + gpu, () -> describe(GpuInfo.of(gpu)));
      }
      report.check("tensor on " + gpu, () -> tensorOn(Device.gpu(gpu)));
      report.check("focal on " + gpu, () -> sameGradient(Device.gpu(gpu)));
      kernels(report, gpu);
      if (nccl) {
        report.check("all-reduce " + gpu, () -> allReduce(gpu));
      }
    }
  }

  /** Training does without them. */
  private static void kernels(Report report, int gpu) {
    String what = "kernels on " + gpu;
    try {
      String found = FusedKernels.tried(Device.gpu(gpu));
      report.check(what, () -> found);
    } catch (IllegalStateException | LinkageError e) {
      report.skip(what, "PyTorch's operations serve instead: " + e.getMessage());
    }
  }

  private static boolean isForCuda() {
    return System.getenv().getOrDefault("PYTORCH_FLAVOR", "").startsWith("cu");
  }

  private static String noGpu() {
    throw new IllegalStateException(
        "PYTORCH_FLAVOR asks for CUDA, but PyTorch sees no GPU; check the driver with nvidia-smi, start a container with its GPUs, or unset CUDA_VISIBLE_DEVICES.");
  }

  private static String cuda() throws IOException {
    return NcclLibraries.cudaVersions() + ": " + LoadedLibraries.paths("libcudart", "libcuda.so");
  }

  private static String pytorch() throws IOException {
    NativeEngine.require(Runtime.getRuntime().availableProcessors());
    return Engine.getEngine("PyTorch").getVersion()
        + ": "
        + LoadedLibraries.paths("libtorch_cpu", "libtorch_cuda.", "djl_torch");
  }

  private static String nccl() throws IOException {
    return NcclLibraries.version() + ": " + LoadedLibraries.paths("libnccl");
  }

  private static String describe(GpuInfo gpu) {
    return String.format(
        Locale.ROOT, "%s, %s, %,d MiB", gpu.name(), gpu.uuid(), gpu.memoryBytes() >> 20);
  }

  private static String tensorOn(Device device) {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      float sum = manager.ones(new Shape(1000)).sum().toFloatArray()[0];
      if (sum != 1000) {
        throw new IllegalStateException(
            "1000 ones sum up to %s on %s; the installation of PyTorch is broken."
                .formatted(sum, device));
      }
      return "sums are right";
    }
  }

  private static String sameGradient(Device device) {
    float difference = 0;
    float[] cpu = focalGradient(Device.cpu());
    float[] gpu = focalGradient(device);
    for (int i = 0; i < cpu.length; i++) {
      difference = Math.max(difference, Math.abs(cpu[i] - gpu[i]));
    }
    if (!(difference <= TOLERANCE)) {
      throw new IllegalStateException(
          "The gradient of focal loss differs from the CPU's by %s; check that libtorch, CUDA and DJL's native layer belong together."
              .formatted(difference));
    }
    return "the gradient is the CPU's to " + difference;
  }

  private static float[] focalGradient(Device device) {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      LossKernel kernel = FocalLoss.builder().build().prepare(manager, DataType.FLOAT32);
      NDArray logits = manager.arange(-6f, 6f, 0.5f).reshape(8, 3);
      NDArray labels = manager.create(new long[] {0, 1, 2, 0, 1, 2, 0, 1});
      try (RowLosses rows = kernel.evaluate(logits, labels)) {
        return rows.gradients().toFloatArray();
      }
    }
  }

  private static String allReduce(int gpu) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu(gpu), "PyTorch");
        Collective control = new SoloCollective();
        NcclCollective alone =
            NcclCollective.join(control, "Rank 0 of 1", gpu, Duration.ofSeconds(30))) {
      NDArray values = manager.ones(new Shape(1 << 20));
      alone.allReduce(DeviceBuffer.of(values));
      alone.finish();
      return "one rank, 4 MiB";
    }
  }
}
