package io.sparkfocal.benchmarks;

import io.sparkfocal.cuda.Gpu;
import io.sparkfocal.plugin.NativeEngine;
import java.util.Locale;
import java.util.Optional;

/**
 * One GPU beside the CPU cores of its machine, and beside PyTorch on the same GPU: steps of an MLP
 * and of ResNet-18, focal loss and AdamW as kernels.
 */
public final class GpuSpeed {

  /** Sizes of a run; a rehearsal's are so small that a CPU of two cores is done in a minute. */
  private record Sizes(
      int pairs,
      int[] mlpRows,
      int mlpSteps,
      int side,
      int images,
      int cpuImages,
      int tracedImages,
      int rows,
      int classes,
      int weights) {}

  private static final Sizes FULL =
      new Sizes(
          5,
          new int[] {256, 1024, 4096, 16_384, 65_536},
          50,
          224,
          256,
          64,
          12,
          65_536,
          1000,
          25_000_000);
  private static final Sizes REHEARSAL =
      new Sizes(1, new int[] {256}, 10, 32, 8, 8, 4, 512, 100, 10_000);
  private static final int EPOCHS = 4;
  private static final int STEPS_OF_IMAGES = 4;

  private final Sizes sizes;
  private final Child gpu;
  private final Child cpu;
  private final Child eager;
  private final Child compiled;

  private GpuSpeed(Sizes sizes, Child gpu, Child cpu, Child eager, Child compiled) {
    this.sizes = sizes;
    this.gpu = gpu;
    this.cpu = cpu;
    this.eager = eager;
    this.compiled = compiled;
  }

  /** Takes nothing, or "rehearsal" to try all of it without a GPU, where no figure means much. */
  public static void main(String[] arguments) {
    boolean rehearsal = arguments.length > 0 && arguments[0].equals("rehearsal");
    if (!rehearsal && !hasGpu()) {
      System.out.println(
          "bench gpu skipped: there is no GPU here; \"bin/bench gpu rehearsal\" runs the same on the CPU.");
      return;
    }
    Optional<String> python = Peers.python("gpu", "torch");
    if (python.isEmpty()) {
      return;
    }
    String script = "gpu_steps.py";
    String theirs = rehearsal ? "cpu" : "cuda";
    try (Child gpu = Child.javaOnAllCores(GpuRank.class, rehearsal ? "cpu" : "gpu");
        Child cpu = Child.javaOnAllCores(GpuRank.class, "cpu");
        Child eager = Child.python(python.get(), script, theirs, "eager");
        Child compiled = Child.python(python.get(), script, theirs, "compile")) {
      GpuSpeed speed = new GpuSpeed(rehearsal ? REHEARSAL : FULL, gpu, cpu, eager, compiled);
      System.out.println(
          "| | ours, rows/s | ours on all CPU cores | PyTorch eager | torch.compile |\n|-|-|-|-|-|");
      for (int rows : speed.sizes.mlpRows) {
        speed.steps("mlp-" + rows, "mlp 0", rows, rows, speed.sizes.mlpSteps);
      }
      speed.steps(
          "resnet18",
          "resnet18 " + speed.sizes.side,
          speed.sizes.images,
          speed.sizes.cpuImages,
          STEPS_OF_IMAGES);
      speed.halfPrecision();
      speed.kernels();
      speed.nccl();
      // Last, since a process that CUPTI has looked into may be slower from then on.
      speed.costs();
    }
  }

  private static boolean hasGpu() {
    NativeEngine.require(1);
    return Gpu.count() > 0;
  }

  private void steps(String name, String network, int rows, int cpuRows, int steps) {
    Pairs overCpu = new Pairs();
    Pairs overEager = new Pairs();
    Pairs overCompiled = new Pairs();
    for (int pair = -1; pair < sizes.pairs; pair++) {
      String order = "%s %s %s %s".formatted(network, rows, steps, EPOCHS);
      double ours = number(gpu, order);
      double theirs = number(eager, order);
      double best = number(compiled, order);
      if (pair >= 0) {
        overEager.rates(ours, theirs);
        overCompiled.rates(ours, best);
      }
      // The CPU is many times slower, and steadier.
      if (pair == 0) {
        overCpu.rates(ours, number(cpu, "%s %s %s %s".formatted(network, cpuRows, steps, 2)));
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %,.0f | %,.0f | %,.0f | %,.0f |%n",
        name,
        overEager.ours(),
        overCpu.theirs(),
        overEager.theirs(),
        overCompiled.theirs());
    overCpu.print("gpu-over-cpu-" + name);
    overEager.print("gpu-over-eager-" + name);
    overCompiled.print("gpu-over-compiled-" + name);
  }

  /** What a step costs, by CUPTI and the clocks of the process. */
  private void costs() {
    System.out.println(
        "| one step | launches | copies from or to the host | waits of the host | GPU busy, us | step, us | CPU time, us |\n|-|-|-|-|-|-|-|");
    int rows = sizes.mlpRows[0];
    cost("mlp-" + rows, "mlp 0 %s %s".formatted(rows, sizes.mlpSteps));
    cost("mlp-float16-" + rows, "mlp-float16 0 %s %s".formatted(rows, sizes.mlpSteps));
    cost("resnet18", "resnet18 %s %s %s".formatted(sizes.side, sizes.images, sizes.tracedImages));
  }

  private void cost(String name, String order) {
    gpu.order("trace " + order + " 0");
    String[] numbers = gpu.answer().split(" ");
    System.out.printf(Locale.ROOT, "| %s | %s |%n", name, String.join(" | ", numbers));
    double busy = Double.parseDouble(numbers[3]) / Double.parseDouble(numbers[4]);
    if (busy > 0) {
      System.out.printf(
          Locale.ROOT, "bench gpu-busy-%s ratio=%.2f spread=%.2f..%.2f%n", name, busy, busy, busy);
    }
  }

  private void halfPrecision() {
    int rows = sizes.mlpRows[sizes.mlpRows.length - 1];
    inFloat16("mlp-" + rows, "mlp", "0 %s %s".formatted(rows, sizes.mlpSteps));
    inFloat16(
        "resnet18", "resnet18", "%s %s %s".formatted(sizes.side, sizes.images, STEPS_OF_IMAGES));
  }

  private void inFloat16(String name, String network, String shape) {
    Pairs overFloats = new Pairs();
    Pairs overAutocast = new Pairs();
    for (int pair = -1; pair < sizes.pairs; pair++) {
      String order = "%s-float16 %s %s".formatted(network, shape, EPOCHS);
      double ours = number(gpu, order);
      double floats = number(gpu, "%s %s %s".formatted(network, shape, EPOCHS));
      double theirs = number(eager, order);
      if (pair >= 0) {
        overFloats.rates(ours, floats);
        overAutocast.rates(ours, theirs);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s in float16: ours %,.0f rows/s, in float32 %,.0f; PyTorch's autocast %,.0f%n",
        name,
        overFloats.ours(),
        overFloats.theirs(),
        overAutocast.theirs());
    overFloats.print("gpu-float16-over-float32-" + name);
    overAutocast.print("gpu-float16-over-autocast-" + name);
  }

  private void nccl() {
    int ranks = Gpu.count();
    if (ranks < 2) {
      System.out.println("all-reduce over NCCL skipped: it takes two GPUs.");
      return;
    }
    for (int megabytes : new int[] {1, 16, 64, 256}) {
      System.out.printf(
          Locale.ROOT,
          "all-reduce of %d MiB over NCCL, %d ranks: %.1f GB/s per rank each way%n",
          megabytes,
          ranks,
          number(gpu, "nccl %s %s".formatted(ranks, megabytes)) / 1e9);
    }
  }

  private void kernels() {
    String shape = sizes.rows + " " + sizes.classes;
    Pairs focalOfCopy = new Pairs();
    Pairs focalOverComposed = new Pairs();
    Pairs focalOverCompiled = new Pairs();
    Pairs focalOverEager = new Pairs();
    Pairs focalOverTorchvision = new Pairs();
    Pairs adamOfCopy = new Pairs();
    Pairs adamOverComposed = new Pairs();
    for (int pair = 0; pair < sizes.pairs; pair++) {
      KernelTimes focal = times("focal " + shape);
      KernelTimes adam = times("adamw " + sizes.weights);
      focalOfCopy.times(focal.kernel, focal.copy);
      focalOverComposed.times(focal.kernel, focal.composed);
      focalOverEager.times(focal.kernel, number(eager, "focal " + shape));
      focalOverCompiled.times(focal.kernel, number(compiled, "focal " + shape));
      focalOverTorchvision.times(focal.kernel, number(eager, "sigmoid " + shape));
      // Four tensors are read and written, a copy does so with one.
      adamOfCopy.times(adam.kernel, 4 * adam.copy);
      adamOverComposed.times(adam.kernel, adam.composed);
    }
    System.out.printf(
        Locale.ROOT,
        "focal loss with gradient, %,d x %,d: one kernel %.3f ms, PyTorch's operations %.3f ms, a copy of the logits %.3f ms;"
            + " in Python: eager %.3f ms, torch.compile %.3f ms, torchvision's sigmoid_focal_loss %.3f ms%n",
        sizes.rows,
        sizes.classes,
        1e3 * focalOfCopy.ours(),
        1e3 * focalOverComposed.theirs(),
        1e3 * focalOfCopy.theirs(),
        1e3 * focalOverEager.theirs(),
        1e3 * focalOverCompiled.theirs(),
        1e3 * focalOverTorchvision.theirs());
    System.out.printf(
        Locale.ROOT,
        "AdamW with clipping, %,d weights: two kernels %.3f ms, PyTorch's operations %.3f ms, a copy of all four tensors %.3f ms%n",
        sizes.weights,
        1e3 * adamOfCopy.ours(),
        1e3 * adamOverComposed.theirs(),
        1e3 * adamOfCopy.theirs());
    focalOfCopy.print("gpu-focal-of-copy-bandwidth");
    focalOverComposed.print("gpu-focal-over-composed");
    focalOverEager.print("gpu-focal-over-eager");
    focalOverCompiled.print("gpu-focal-over-compiled");
    if (!Double.isNaN(focalOverTorchvision.ratio())) {
      focalOverTorchvision.print("gpu-focal-over-torchvision");
    }
    adamOfCopy.print("gpu-adamw-of-copy-bandwidth");
    adamOverComposed.print("gpu-adamw-over-composed");
  }

  /** Seconds of one run, as {@link io.sparkfocal.train.KernelSpeed} answers. */
  private record KernelTimes(double kernel, double composed, double copy) {}

  private KernelTimes times(String order) {
    gpu.order(order);
    String[] answer = gpu.answer().split(" ");
    return new KernelTimes(
        Double.parseDouble(answer[0]),
        Double.parseDouble(answer[1]),
        Double.parseDouble(answer[2]));
  }

  private static double number(Child child, String order) {
    child.order(order);
    return Double.parseDouble(child.answer());
  }
}
