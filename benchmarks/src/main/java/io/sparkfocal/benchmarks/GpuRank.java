package io.sparkfocal.benchmarks;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.examples.images.ResNet18;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.RankStep;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.FusedKernels;
import io.sparkfocal.train.KernelSpeed;
import io.sparkfocal.train.LossScale;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.RunSize;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.TrainingListener;
import io.sparkfocal.train.TrainingLoop;
import io.sparkfocal.train.TrainingSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One rank that trains on made-up rows which lie on its device. */
final class GpuRank {

  private static final int FEATURES = 32;
  private static final int CHANNELS = 3;
  private static final int CLASSES = 10;

  private GpuRank() {}

  /**
   * Takes "cpu" or "gpu", then lines: "mlp 0 ROWS STEPS EPOCHS" and "resnet18 SIDE ROWS STEPS
   * EPOCHS", both also with "-float16" behind the name, are answered with rows per second over all
   * epochs but the first, "trace" before such a line as {@link StepTrace} says, whatever EPOCHS is;
   * "focal ROWS CLASSES" and "adamw WEIGHTS" as {@link KernelSpeed} says, "nccl RANKS MEGABYTES" as
   * {@link NcclSpeed} says.
   */
  public static void main(String[] arguments) throws IOException {
    Device device = arguments[0].equals("gpu") ? Device.gpu(0) : Device.cpu();
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    String line;
    while ((line = orders.readLine()) != null) {
      boolean traced = line.startsWith("trace ");
      String[] words = line.replaceFirst("^trace ", "").split(" ");
      int[] numbers = new int[words.length - 1];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = Integer.parseInt(words[i + 1]);
      }
      Child.reply(
          switch (words[0]) {
            case "focal" -> KernelSpeed.focal(device, numbers[0], numbers[1]);
            case "nccl" -> NcclSpeed.busBandwidth(numbers[0], numbers[1]);
            case "adamw" -> KernelSpeed.adamW(device, numbers[0]);
            default ->
                traced
                    ? trace(words[0], device, numbers)
                    : rowsPerSecond(words[0], device, numbers);
          });
    }
  }

  private static double rowsPerSecond(String network, Device device, int[] numbers) {
    int rows = numbers[1] * numbers[2];
    int epochs = numbers[3];
    List<EpochReport> reports = new ArrayList<>();
    train(network, device, numbers, epochs, RunDefaults.listener(reports::add));
    double seconds = reports.get(epochs - 1).elapsedSeconds() - reports.get(0).elapsedSeconds();
    return (double) rows * (epochs - 1) / seconds;
  }

  private static StepTrace trace(String network, Device device, int[] numbers) {
    StepTrace trace = new StepTrace(numbers[2], device.isGpu());
    train(network, device, numbers, StepTrace.EPOCHS, trace);
    return trace;
  }

  private static void train(
      String network, Device device, int[] numbers, int epochs, TrainingListener listener) {
    boolean images = network.startsWith("resnet18");
    boolean half = network.endsWith("-float16");
    int features = images ? CHANNELS * numbers[0] * numbers[0] : FEATURES;
    int rowsPerStep = numbers[1];
    int rows = rowsPerStep * numbers[2];
    TrainingSettings settings =
        RunDefaults.settings(rowsPerStep, epochs, half ? DataType.FLOAT16 : DataType.FLOAT32);
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      TensorCollective alone = new TensorCollective(new SoloCollective());
      FusedKernels kernels = FusedKernels.on(device);
      RankStep step = new RankStep(1, alone);
      Layers layers = new Layers(step);
      Block block =
          images
              ? new ResNet18().create(features, CLASSES, Map.of(), layers)
              : new MlpNetwork()
                  .create(
                      features,
                      CLASSES,
                      MlpNetwork.arguments(new int[] {256, 256}, 0, false),
                      layers);
      TrainingLoop loop =
          new TrainingLoop(
              block,
              FlatParameters.of(block, features, manager, 1, LossScale.of(settings, manager)),
              new LossSpec(
                  "focal",
                  Map.of("gamma", 2.0),
                  new long[CLASSES],
                  new float[0],
                  0,
                  Reduction.MEAN),
              CLASSES,
              settings,
              step,
              alone,
              Duration.ofMinutes(2),
              listener,
              kernels,
              manager);
      try (Shard training = shard(kernels, manager, rows, features);
          Shard none = shard(kernels, manager, 0, features)) {
        loop.run(training, none, new RunSize(rows, rows, 0));
      }
    }
  }

  private static Shard shard(FusedKernels kernels, NDManager manager, int rows, int features) {
    return kernels.shard(
        new Batch(
            manager.randomNormal(new Shape(rows, features)),
            manager.arange(rows).mod(CLASSES).toType(DataType.INT64, false),
            manager.ones(new Shape(rows))),
        shuffle -> shuffle.order(rows));
  }
}
