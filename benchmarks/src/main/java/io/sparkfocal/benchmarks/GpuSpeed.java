package io.sparkfocal.benchmarks;

import ai.djl.util.cuda.CudaUtils;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

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
          65_536,
          1000,
          25_000_000);
  private static final Sizes REHEARSAL =
      new Sizes(1, new int[] {256}, 10, 32, 8, 8, 512, 100, 10_000);
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
    if (!rehearsal && !CudaUtils.hasCuda()) {
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
      speed.kernels();
    }
  }

  private void steps(String name, String network, int rows, int cpuRows, int steps) {
    Pairs overCpu = new Pairs();
    Pairs overEager = new Pairs();
    Pairs overCompiled = new Pairs();
    for (int pair = -1; pair < sizes.pairs; pair++) {
      String order = "%s %d %d %d".formatted(network, rows, steps, EPOCHS);
      double ours = number(gpu, order);
      double theirs = number(eager, order);
      double best = number(compiled, order);
      if (pair >= 0) {
        overEager.rates(ours, theirs);
        overCompiled.rates(ours, best);
      }
      // The CPU is many times slower, and steadier.
      if (pair == 0) {
        overCpu.rates(ours, number(cpu, "%s %d %d %d".formatted(network, cpuRows, steps, 2)));
      }
    }
    System.out.printf(
        "| %s | %,.0f | %,.0f | %,.0f | %,.0f |%n",
        name, overEager.ours(), overCpu.theirs(), overEager.theirs(), overCompiled.theirs());
    overCpu.print("gpu-over-cpu-" + name);
    overEager.print("gpu-over-eager-" + name);
    overCompiled.print("gpu-over-compiled-" + name);
  }

  private void kernels() {
    String shape = sizes.rows + " " + sizes.classes;
    double[] focal = numbers("focal " + shape);
    double[] adamW = numbers("adamw " + sizes.weights);
    double eagerFocal = number(eager, "focal " + shape);
    double compiledFocal = number(compiled, "focal " + shape);
    double sigmoid = number(eager, "sigmoid " + shape);
    System.out.println(
        "| | one kernel, ms | PyTorch's operations | a copy of the logits or weights |\n|-|-|-|-|");
    row("focal loss with gradient, %,d x %,d".formatted(sizes.rows, sizes.classes), focal);
    row("AdamW with clipping, %,d weights".formatted(sizes.weights), adamW);
    System.out.printf(
        "focal loss forward and backward in Python: eager %.3f ms, torch.compile %.3f ms, torchvision's sigmoid_focal_loss %.3f ms%n",
        1e3 * eagerFocal, 1e3 * compiledFocal, 1e3 * sigmoid);
    ratio("focal-of-copy-bandwidth", focal[2] / focal[0]);
    ratio("focal-over-composed", focal[1] / focal[0]);
    ratio("focal-over-compiled", compiledFocal / focal[0]);
    ratio("focal-over-torchvision", sigmoid / focal[0]);
    // Four tensors are read and written, a copy does so with one.
    ratio("adamw-of-copy-bandwidth", 4 * adamW[2] / adamW[0]);
    ratio("adamw-over-composed", adamW[1] / adamW[0]);
  }

  private static void row(String name, double[] seconds) {
    System.out.printf(
        "| %s | %.3f | %.3f | %.3f |%n",
        name, 1e3 * seconds[0], 1e3 * seconds[1], 1e3 * seconds[2]);
  }

  private static void ratio(String name, double ratio) {
    if (Double.isNaN(ratio)) {
      return;
    }
    System.out.printf("bench gpu-%s ratio=%.2f spread=%.2f..%.2f%n", name, ratio, ratio, ratio);
  }

  /** Medians of several answers, place by place. */
  private double[] numbers(String order) {
    List<double[]> answers =
        IntStream.range(0, Math.max(1, sizes.pairs))
            .mapToObj(
                i -> {
                  gpu.order(order);
                  return Arrays.stream(gpu.answer().split(" "))
                      .mapToDouble(Double::parseDouble)
                      .toArray();
                })
            .toList();
    double[] medians = new double[3];
    for (int place = 0; place < medians.length; place++) {
      int at = place;
      medians[place] = Pairs.median(answers.stream().map(answer -> answer[at]).toList());
    }
    return medians;
  }

  private static double number(Child child, String order) {
    child.order(order);
    return Double.parseDouble(child.answer());
  }
}
