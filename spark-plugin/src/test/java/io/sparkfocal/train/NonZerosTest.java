package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.RankStep;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on rows that are given by their non-zeros. */
@Timeout(180)
class NonZerosTest {

  private static final int WIDTH = 200;
  private static final int NON_ZEROS = 5;
  private static final int ROWS = 120;
  private static final int[] NONE = {};
  private static final int[] FEW = IntStream.range(0, 20).toArray();
  private static final int[] MANY = IntStream.range(20, 100).toArray();
  private static final int[] VALIDATION = IntStream.range(100, ROWS).toArray();
  private static final LossSpec LOSS =
      new LossSpec("focal", Map.of(), new long[] {1, 1}, new float[0], 0, Reduction.MEAN);

  /** How a network is made and what it is given. */
  private record Setup(boolean nonZeros, boolean batchNorm, double dropout, boolean own) {}

  private static float[] row(int number) {
    float[] row = new float[WIDTH];
    Random random = new Random(number);
    for (int i = 0; i < NON_ZEROS; i++) {
      // Labels have columns that they share with the other, and some that they do not.
      int column = random.nextInt(WIDTH / 2) + (i == 0 ? number % 2 * WIDTH / 2 : 0);
      row[column] = random.nextFloat() + 0.5f;
    }
    return row;
  }

  private static Shard shard(NDManager manager, int[] numbers, boolean nonZeros) {
    float[] features = new float[numbers.length * WIDTH];
    long[] labels = new long[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      System.arraycopy(row(numbers[i]), 0, features, i * WIDTH, WIDTH);
      labels[i] = numbers[i] % 2;
    }
    Shard dense =
        FusedKernels.none()
            .shard(
                new Batch(
                    manager.create(features, new Shape(numbers.length, WIDTH)),
                    manager.create(labels, new Shape(numbers.length)),
                    manager.ones(new Shape(numbers.length))),
                shuffle -> shuffle.order(numbers.length));
    return nonZeros ? new NonZeroShard(dense, NON_ZEROS) : dense;
  }

  private static Block network(Setup setup, RankStep step) {
    Block mlp =
        new MlpNetwork()
            .create(
                WIDTH,
                2,
                MlpNetwork.arguments(new int[] {8}, setup.dropout(), setup.batchNorm()),
                new Layers(step));
    // DJL's sequence knows nothing of non-zeros.
    return setup.own() ? new ai.djl.nn.SequentialBlock().add(mlp) : mlp;
  }

  private static Trained train(
      Setup setup,
      TrainingSettings settings,
      Collective collective,
      int[] numbers,
      RunSize size,
      @Nullable LoopState from,
      TrainingListener listener) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TensorCollective tensors = new TensorCollective(collective);
      RankStep step = new RankStep(settings.seed(), tensors);
      Block network = network(setup, step);
      FlatParameters parameters =
          FlatParameters.of(
              network, WIDTH, manager, settings.seed(), LossScale.of(settings, manager));
      TrainingLoop loop =
          new TrainingLoop(
              network,
              parameters,
              LOSS,
              2,
              settings,
              step,
              tensors,
              Duration.ofMinutes(1),
              listener,
              FusedKernels.none(),
              manager);
      return Trained.of(
          loop.run(
              shard(manager, numbers, setup.nonZeros()),
              shard(manager, collective.rank() == 0 ? VALIDATION : NONE, setup.nonZeros()),
              size,
              from));
    }
  }

  private static List<Trained> trained(
      Setup setup,
      TrainingSettings settings,
      @Nullable LoopState from,
      TrainingListener listener,
      int[]... rowsOfRanks) {
    LocalGroup group = LocalGroup.of(rowsOfRanks.length, Duration.ofSeconds(60));
    List<Collective> members = new ArrayList<>();
    IntStream.range(0, rowsOfRanks.length).forEach(rank -> members.add(group.member(rank)));
    RunSize size = new RunSize(FEW.length + MANY.length, 80, VALIDATION.length);
    return Ranks.run(
        members, c -> train(setup, settings, c, rowsOfRanks[c.rank()], size, from, listener));
  }

  private static Trained trained(Setup setup, TrainingSettings settings) {
    return trained(setup, settings, null, keeping(new TreeMap<>()), FEW, NONE, MANY).get(0);
  }

  private static TrainingListener keeping(Map<Long, LoopState> states) {
    return new TrainingListener() {
      @Override
      public void beforeStep() {}

      @Override
      public StateInterval keepsState() {
        return new StateInterval(1, 0);
      }

      @Override
      public void keep(LoopState state) {
        states.put(state.stepsDone(), state);
      }

      @Override
      public void epochCompleted(EpochReport report) {}
    };
  }

  @ParameterizedTest
  @CsvSource({"false, 0, 1", "true, 0, 1", "false, 0.2, 3", "true, 0.2, 2", "false, 0, 0"})
  void threeRanksTrainAsOnDenseRows(boolean batchNorm, double dropout, int parts) {
    TrainingSettings settings =
        TrainingRun.inParts(parts, TrainingRun.settings(4, 20, new Sgd(0.9, 1e-3), 0.05));
    Trained dense = trained(new Setup(false, batchNorm, dropout, false), settings);
    Trained sparse = trained(new Setup(true, batchNorm, dropout, false), settings);
    assertThat(sparse.weights()).containsExactly(dense.weights(), Offset.offset(2e-4f));
    EpochReport last = sparse.epochs().get(3);
    assertThat(last.trainingLoss()).isLessThan(sparse.epochs().get(0).trainingLoss());
    assertThat(last.validation().loss())
        .isCloseTo(dense.epochs().get(3).validation().loss(), Offset.offset(1e-4));
  }

  @Test
  void aSecondTrainingHasTheSameBits() {
    TrainingSettings settings = TrainingRun.settings(2, 20, new AdamW(0.01), 0.02);
    Setup setup = new Setup(true, true, 0.2, false);
    assertThat(trained(setup, settings).weights()).isEqualTo(trained(setup, settings).weights());
  }

  /** They are given the rows with their zeros. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void float16AndOtherNetworksTrainAsOnDenseRowsToTheBit(boolean inHalf) {
    TrainingSettings floats = TrainingRun.settings(2, 20, new AdamW(0.01), 0.02);
    TrainingSettings settings = inHalf ? TrainingRun.half(floats) : floats;
    Trained dense = trained(new Setup(false, true, 0.2, !inHalf), settings);
    Trained sparse = trained(new Setup(true, true, 0.2, !inHalf), settings);
    assertThat(sparse.weights()).isEqualTo(dense.weights());
    assertThat(sparse.epochs().get(1).validation()).isEqualTo(dense.epochs().get(1).validation());
  }

  @Test
  void aRunGoesOnFromAnyStep() {
    TrainingSettings settings = TrainingRun.settings(2, 40, new AdamW(0.01), 0.02);
    Setup setup = new Setup(true, false, 0.2, false);
    Map<Long, LoopState> states = new TreeMap<>();
    float[] whole = trained(setup, settings, null, keeping(states), FEW, MANY).get(1).weights();
    assertThat(states).hasSize(6);
    for (LoopState state : states.values()) {
      assertThat(
              trained(
                      setup,
                      settings,
                      ResumeTest.onHeap(state),
                      keeping(new TreeMap<>()),
                      FEW,
                      MANY)
                  .get(0)
                  .weights())
          .isEqualTo(whole);
    }
  }

  @Test
  void partsOfABatchHaveTheirRows() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Batch all = shard(manager, FEW, false).ordered().next(FEW.length);
      Batch part = NonZeroShard.byNonZeros(all).rows(7, 12);
      NonZeros places = part.nonZeros();
      assertThat(places.dense(part.features(), WIDTH).toFloatArray())
          .isEqualTo(all.rows(7, 12).features().toFloatArray());
      assertThat(part.labels().toLongArray()).isEqualTo(all.rows(7, 12).labels().toLongArray());
      assertThat(places.rows(2, 2).count()).isZero();
      assertThat(places.rows(2, 2).dense(part.features(), WIDTH).getShape())
          .isEqualTo(new Shape(0, WIDTH));
    }
  }

  @Test
  void fewZerosAreBetterMultipliedToo() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = network(new Setup(true, false, 0, false), step());
      NetworkInput input = input(network, WIDTH, manager);
      Batch sparse = NonZeroShard.byNonZeros(shard(manager, FEW, false).ordered().next(20));
      assertThat(input.of(sparse)).hasSize(3);
      NDArray ones = manager.ones(new Shape(20, WIDTH));
      Batch full = NonZeroShard.byNonZeros(new Batch(ones, sparse.labels(), sparse.weights()));
      NDList given = input.of(full);
      assertThat(given.singletonOrThrow().toFloatArray()).isEqualTo(ones.toFloatArray());
    }
  }

  @Test
  void theRowsOfAnEvaluationAndOfAPartAreBoundedByTheirBytes() {
    int width = 1 << 18;
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Shard rows = new NonZeroShard(shard(manager, FEW, false), 50);
      Shard dense = shard(manager, FEW, false);
      Map<String, String> layers = MlpNetwork.arguments(new int[] {4}, 0, false);
      Block mlp = new MlpNetwork().create(width, 2, layers, new Layers(step()));
      NetworkInput onNonZeros = input(mlp, width, manager);
      assertThat(onNonZeros.rowsToEvaluate(rows, 2)).isEqualTo(EvaluationBatch.MOST_ROWS);
      assertThat(onNonZeros.rowsToEvaluate(dense, 2)).isEqualTo(31);
      assertThat(onNonZeros.parts(rows, 4096)).isEqualTo(1);
      Shard wide = new NonZeroShard(dense, 20_000);
      assertThat(onNonZeros.rowsToEvaluate(wide, 2)).isBetween(50L, 80L);

      Block same = new MlpNetwork().create(width, 2, layers, new Layers(step()));
      Block own = new ai.djl.nn.SequentialBlock().add(same);
      NetworkInput onAll = input(own, width, manager);
      assertThat(onAll.rowsToEvaluate(rows, 2)).isEqualTo(31);
      assertThat(onAll.parts(rows, 4096)).isEqualTo(133);
      assertThat(onAll.parts(rows, 31)).isEqualTo(1);
      assertThat(onAll.parts(dense, 4096)).isEqualTo(1);
      assertThat(dense.nonZerosPerRow()).isEqualTo(OptionalLong.empty());
    }
  }

  private static RankStep step() {
    LocalGroup alone = LocalGroup.of(1, Duration.ofSeconds(1));
    return new RankStep(1, new TensorCollective(alone.member(0)));
  }

  private static NetworkInput input(Block network, int width, NDManager manager) {
    return new NetworkInput(network, FlatParameters.of(network, width, manager, 1), Device.cpu());
  }
}
