package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.RankStep;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Trains a small network on made-up rows that are dealt to ranks as a test wants them. */
final class TrainingRun {

  static final int FEATURES = 6;
  static final int CLASSES = 3;

  private final List<float[]> rows = new ArrayList<>();
  private final List<Integer> labels = new ArrayList<>();
  private final List<Float> weights = new ArrayList<>();
  private int[] validationRows = {};
  private float[] start = {};
  private @Nullable LoopState from;
  private boolean batchNorm;
  private double dropout;
  private LossSpec loss =
      new LossSpec(
          "focal",
          Map.of("gamma", 2.0),
          new long[] {4, 2, 1},
          new float[] {0.5f, 1, 2},
          0,
          Reduction.MEAN);
  private Device device = Device.cpu();
  private IntFunction<FusedKernels> kernels = rank -> FusedKernels.none();
  private @Nullable FirstLayer firstLayer;
  private Supplier<@Nullable Block> secondLayer = () -> null;
  private UnaryOperator<Shard> shards = UnaryOperator.identity();
  private TrainingListener listener =
      new TrainingListener() {
        @Override
        public void beforeStep() {}

        @Override
        public void epochCompleted(EpochReport report) {}
      };

  /** Sees every batch before the network does. */
  interface FirstLayer {
    NDArray apply(int rank, Block network, NDArray batch, boolean training);
  }

  TrainingRun(int count) {
    Random random = new Random(7);
    for (int i = 0; i < count; i++) {
      int label = i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2;
      float[] row = new float[FEATURES];
      for (int f = 0; f < FEATURES; f++) {
        row[f] = (float) (random.nextGaussian() + (f % CLASSES == label ? 1.5 : 0));
      }
      rows.add(row);
      labels.add(label);
      weights.add(0.5f + random.nextFloat());
    }
  }

  TrainingRun batchNorm(boolean on) {
    batchNorm = on;
    return this;
  }

  /** Initial values of all parameters and running statistics. */
  TrainingRun startFrom(float[] values) {
    start = values;
    return this;
  }

  /** Where an earlier run was; null for the beginning. */
  TrainingRun goOnFrom(@Nullable LoopState state) {
    from = state;
    return this;
  }

  TrainingRun dropout(double rate) {
    dropout = rate;
    return this;
  }

  TrainingRun loss(LossSpec spec) {
    loss = spec;
    return this;
  }

  TrainingRun feature(int row, float value) {
    rows.get(row)[0] = value;
    return this;
  }

  TrainingRun label(int row, int label) {
    labels.set(row, label);
    return this;
  }

  /** These rows are for validation, all on rank 0. */
  TrainingRun validateOn(int... numbers) {
    validationRows = numbers;
    return this;
  }

  /** Where all ranks train. */
  TrainingRun device(Device device) {
    this.device = device;
    return this;
  }

  /** What runs in one launch; one per rank is made. */
  TrainingRun kernels(Supplier<FusedKernels> kernels) {
    return kernelsOfRank(rank -> kernels.get());
  }

  /** As above, by the number of the rank. */
  TrainingRun kernelsOfRank(IntFunction<FusedKernels> kernels) {
    this.kernels = kernels;
    return this;
  }

  /** Comes before the other layers; made for each rank. */
  TrainingRun secondLayer(Supplier<Block> layer) {
    secondLayer = layer;
    return firstLayer((rank, network, batch, training) -> batch);
  }

  /** Runs on all ranks, before the other layers. */
  TrainingRun firstLayer(FirstLayer layer) {
    firstLayer = layer;
    return this;
  }

  /** What is trained on in place of each rank's rows. */
  TrainingRun shards(UnaryOperator<Shard> shards) {
    this.shards = shards;
    return this;
  }

  TrainingRun listener(TrainingListener listener) {
    this.listener = listener;
    return this;
  }

  /** Settings of a run of {@code steps} steps with full batches. */
  TrainingSettings fullBatches(int steps, Optimizer optimizer, double learningRate) {
    return settings(steps, rows.size(), optimizer, learningRate);
  }

  static TrainingSettings settings(
      int epochs, int batchSize, Optimizer optimizer, double learningRate) {
    return new TrainingSettings(
        epochs,
        batchSize,
        learningRate,
        optimizer,
        LearningRateSchedule.CONSTANT,
        0,
        0,
        3,
        1,
        ValidationMetric.LOSS,
        0,
        DataType.FLOAT32);
  }

  /** The same with so many parts of a step. */
  static TrainingSettings inParts(int parts, TrainingSettings settings) {
    return with(settings, parts, settings.averaging(), settings.dataType());
  }

  /** The same with weights that are averaged over so many epochs. */
  static TrainingSettings averaged(TrainingSettings settings, double epochs) {
    return with(settings, settings.stepParts(), epochs, settings.dataType());
  }

  /** The same in float16. */
  static TrainingSettings half(TrainingSettings settings) {
    return with(settings, settings.stepParts(), settings.averaging(), DataType.FLOAT16);
  }

  private static TrainingSettings with(
      TrainingSettings settings, int parts, double averaging, DataType dataType) {
    return new TrainingSettings(
        settings.epochs(),
        settings.batchSize(),
        settings.learningRate(),
        settings.optimizer(),
        settings.schedule(),
        settings.warmupFraction(),
        settings.gradientClipNorm(),
        settings.seed(),
        parts,
        settings.validationMetric(),
        settings.patience(),
        averaging,
        dataType);
  }

  /** The outcome of one rank that has all rows. */
  Trained alone(TrainingSettings settings) {
    return dealt(settings, IntStream.range(0, rows.size()).toArray()).get(0);
  }

  /** The outcomes of as many ranks as there are lists of row numbers. */
  List<Trained> dealt(TrainingSettings settings, int[]... rowsOfRanks) {
    return onRanks(Ranks::run, settings, rowsOfRanks);
  }

  /** The failures of as many ranks, by rank; null for one that did not fail. */
  List<Throwable> failures(TrainingSettings settings, int[]... rowsOfRanks) {
    return onRanks(Ranks::failures, settings, rowsOfRanks);
  }

  /** How each rank ends over these collectives, which are closed. */
  List<Throwable> failures(
      List<Collective> group, TrainingSettings settings, int[]... rowsOfRanks) {
    return onRanks(Ranks::failures, group, settings, rowsOfRanks);
  }

  private <T> List<T> onRanks(
      BiFunction<List<Collective>, Ranks.Work<Trained>, List<T>> runner,
      TrainingSettings settings,
      int[]... rowsOfRanks) {
    List<Collective> group = new ArrayList<>();
    LocalGroup local = LocalGroup.of(rowsOfRanks.length, Duration.ofSeconds(60));
    for (int rank = 0; rank < rowsOfRanks.length; rank++) {
      group.add(local.member(rank));
    }
    return onRanks(runner, group, settings, rowsOfRanks);
  }

  /** The outcomes over these collectives, which are closed. */
  List<Trained> dealt(List<Collective> group, TrainingSettings settings, int[]... rowsOfRanks) {
    return onRanks(Ranks::run, group, settings, rowsOfRanks);
  }

  private <T> List<T> onRanks(
      BiFunction<List<Collective>, Ranks.Work<Trained>, List<T>> runner,
      List<Collective> group,
      TrainingSettings settings,
      int[]... rowsOfRanks) {
    RunSize size = size(rowsOfRanks);
    try {
      return runner.apply(group, c -> trainOrAbort(settings, c, rowsOfRanks[c.rank()], size));
    } finally {
      group.forEach(Collective::close);
    }
  }

  /** As a task does. */
  private Trained trainOrAbort(
      TrainingSettings settings, Collective collective, int[] numbers, RunSize size) {
    try {
      return train(settings, collective, numbers, size);
    } catch (Throwable e) {
      collective.abort(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private RunSize size(int[]... rowsOfRanks) {
    return new RunSize(
        Arrays.stream(rowsOfRanks).mapToLong(r -> r.length).sum(),
        Arrays.stream(rowsOfRanks).mapToLong(r -> r.length).max().orElse(0),
        validationRows.length);
  }

  /** The outcome of a rank that has all rows for training, whatever the others have. */
  Trained over(Collective collective, TrainingSettings settings) {
    int[] all = IntStream.range(0, rows.size()).toArray();
    return train(settings, collective, all, size(all));
  }

  private Trained train(
      TrainingSettings settings, Collective collective, int[] numbers, RunSize size) {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      TensorCollective tensors = new TensorCollective(collective);
      FusedKernels fused =
          kernels.apply(collective.rank()).agreed(tensors, loss, CLASSES, settings, manager);
      RankStep step = new RankStep(settings.seed(), tensors, fused.dropoutMask(manager));
      Block mlp =
          new NetworkDescription(
                  MlpNetwork.class.getName(),
                  MlpNetwork.arguments(new int[] {16, 8}, dropout, batchNorm),
                  FEATURES,
                  loss.loss().outputs(CLASSES))
              .build(new Layers(step));
      Block network = firstLayer == null ? mlp : behindFirstLayer(collective.rank(), mlp);
      FlatParameters parameters =
          FlatParameters.of(
              network,
              FEATURES,
              manager,
              settings.seed() + collective.rank(),
              LossScale.of(settings, manager));
      if (start.length > 0) {
        parameters.set(start);
      }
      TrainingLoop loop =
          new TrainingLoop(
              network,
              parameters,
              loss,
              CLASSES,
              settings,
              step,
              tensors,
              Duration.ofMinutes(1),
              listener,
              fused,
              manager);
      int[] validation = collective.rank() == 0 ? validationRows : new int[0];
      Shard rows = shards.apply(shard(fused, batch(manager, numbers)));
      return Trained.of(loop.run(rows, shard(fused, batch(manager, validation)), size, from));
    }
  }

  private Block behindFirstLayer(int rank, Block mlp) {
    FirstLayer layer = firstLayer;
    SequentialBlock network = new SequentialBlock();
    network.add(
        new AbstractBlock() {
          @Override
          protected NDList forwardInternal(
              ParameterStore store,
              NDList inputs,
              boolean training,
              @Nullable PairList<String, Object> params) {
            return new NDList(layer.apply(rank, network, inputs.singletonOrThrow(), training));
          }

          @Override
          public Shape[] getOutputShapes(Shape[] inputShapes) {
            return inputShapes;
          }
        });
    Block second = secondLayer.get();
    if (second != null) {
      network.add(second);
    }
    return network.add(mlp);
  }

  private Batch batch(NDManager manager, int[] numbers) {
    float[] features = new float[numbers.length * FEATURES];
    long[] classes = new long[numbers.length];
    float[] sampleWeights = new float[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      System.arraycopy(rows.get(numbers[i]), 0, features, i * FEATURES, FEATURES);
      classes[i] = labels.get(numbers[i]);
      sampleWeights[i] = weights.get(numbers[i]);
    }
    return new Batch(
        manager.create(features, new Shape(numbers.length, FEATURES)),
        manager.create(classes, new Shape(numbers.length)),
        manager.create(sampleWeights, new Shape(numbers.length)));
  }

  private static Shard shard(FusedKernels kernels, Batch all) {
    return kernels.shard(all, shuffle -> shuffle.order((int) all.labels().size()));
  }
}
