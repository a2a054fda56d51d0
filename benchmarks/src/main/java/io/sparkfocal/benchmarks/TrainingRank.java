package io.sparkfocal.benchmarks;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.collective.rpc.RpcEndpoint;
import io.sparkfocal.data.BlockSlice;
import io.sparkfocal.data.FeaturePlan;
import io.sparkfocal.data.PartitionRows.BlockInfo;
import io.sparkfocal.data.RankRows;
import io.sparkfocal.data.RowReader;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.RankStep;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.FusedKernels;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.RunSize;
import io.sparkfocal.train.TrainingLoop;
import io.sparkfocal.train.TrainingSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * One rank that trains an MLP 32-256-256-2 with focal loss and AdamW as an executor would, without
 * Spark around it.
 */
public final class TrainingRank {

  static final int FEATURES = 32;
  private static final int CLASSES = 2;

  private TrainingRank() {}

  /**
   * Takes rank and world, and from the parent the addresses of all, then lines of rows per step,
   * steps per epoch, epochs; answers with rows per second of this rank, over all epochs but the
   * first.
   */
  public static void main(String[] arguments) throws IOException {
    int rank = Integer.parseInt(arguments[0]);
    int world = Integer.parseInt(arguments[1]);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if (world == 1) {
      serve(new SoloCollective(), orders);
      return;
    }
    try (RpcEndpoint endpoint = AllReduceRank.endpoint()) {
      Child.reply(endpoint.address());
      List<String> addresses = List.of(orders.readLine().split(" "));
      try (Collective ring = endpoint.connect(rank, addresses, Duration.ofSeconds(60))) {
        serve(ring, orders);
      }
    }
  }

  private static void serve(Collective collective, BufferedReader orders) throws IOException {
    String line;
    while ((line = orders.readLine()) != null) {
      String[] order = line.split(" ");
      int[] numbers = IntStream.range(0, 3).map(i -> Integer.parseInt(order[i])).toArray();
      Child.reply(rowsPerSecond(collective, numbers[0], numbers[1], numbers[2]));
    }
  }

  static double rowsPerSecond(Collective collective, int rowsPerStep, int steps, int epochs) {
    List<EpochReport> reports = new ArrayList<>();
    train(collective, rowsPerStep, steps, epochs, reports::add);
    double seconds = reports.get(epochs - 1).elapsedSeconds() - reports.get(0).elapsedSeconds();
    return (double) rowsPerStep * steps * (epochs - 1) / seconds;
  }

  static void train(
      Collective collective,
      int rowsPerStep,
      int steps,
      int epochs,
      Consumer<EpochReport> afterEpoch) {
    int rows = rowsPerStep * steps;
    try (RankRows read = rows(rows, collective.rank());
        NDManager manager = NDManager.newBaseManager("PyTorch")) {
      read.encode(read.encoding(new TensorCollective(collective), manager));
      TrainingSettings settings =
          RunDefaults.settings(rowsPerStep * collective.world(), epochs, DataType.FLOAT32);
      TrainingLoop loop = loop(collective, settings, afterEpoch, manager);
      RunSize size = new RunSize((long) rows * collective.world(), rows, 0);
      FusedKernels none = FusedKernels.none();
      loop.run(read.training(manager, none), read.validation(manager, none), size);
    }
  }

  private static TrainingLoop loop(
      Collective collective,
      TrainingSettings settings,
      Consumer<EpochReport> afterEpoch,
      NDManager manager) {
    TensorCollective tensors = new TensorCollective(collective);
    RankStep step = new RankStep(settings.seed(), tensors);
    Block network =
        new MlpNetwork()
            .create(
                FEATURES,
                CLASSES,
                MlpNetwork.arguments(new int[] {256, 256}, 0, false),
                new Layers(step));
    FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, settings.seed());
    LossSpec focal =
        new LossSpec(
            "focal", Map.of("gamma", 2.0), new long[] {9, 1}, new float[0], 0, Reduction.MEAN);
    return new TrainingLoop(
        network,
        parameters,
        focal,
        CLASSES,
        settings,
        step,
        tensors,
        Duration.ofMinutes(2),
        RunDefaults.listener(afterEpoch),
        FusedKernels.none(),
        manager);
  }

  /** Made-up rows, a tenth of them of class 1, through the reader of training. */
  private static RankRows rows(int count, int rank) {
    List<String> names = IntStream.range(0, FEATURES).mapToObj(i -> "f" + i).toList();
    StructType schema = new StructType();
    for (String name : names) {
      schema = schema.add(name, DataTypes.DoubleType);
    }
    schema = schema.add("y", DataTypes.DoubleType);
    RowReader reader =
        new RowReader(TrainingColumns.of(schema, "", names, "y", null, null), FEATURES);
    Random random = new Random(rank);
    Iterator<InternalRow> rows =
        IntStream.range(0, count).mapToObj(i -> row(random, i % 10 == 0 ? 1 : 0)).iterator();
    List<byte[]> blocks = new ArrayList<>();
    List<BlockSlice> slices = new ArrayList<>();
    for (BlockInfo block : reader.read(rows, (number, bytes) -> blocks.add(bytes)).blocks()) {
      slices.add(new BlockSlice(slices.size(), 0, block.rows(), block.bytes(), block.hash()));
    }
    return new RankRows(
        FEATURES,
        0,
        FeaturePlan.numbers(false),
        false,
        slices,
        List.of(),
        slice -> blocks.get(slice.block()));
  }

  private static InternalRow row(Random random, int label) {
    Object[] values = new Object[1 + FEATURES];
    values[0] = (double) label;
    for (int i = 0; i < FEATURES; i++) {
      values[1 + i] = random.nextGaussian() + (i < 4 ? label : 0);
    }
    return new GenericInternalRow(values);
  }
}
