package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.norm.BatchNorm;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.RankSum;
import io.sparkfocal.losses.Reduction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What ranks must not decide alone. */
@Timeout(180)
class RanksTogetherTest {

  private static final int ROWS = 90;
  private static final int[] FEW = IntStream.range(0, 20).toArray();
  private static final int[] MANY = IntStream.range(20, ROWS).toArray();

  /** Moves one value of a rank's parameters by its last bit, in that forward pass, from 1. */
  private static TrainingRun.FirstLayer moving(int rank, int parameter, int pass) {
    AtomicInteger passes = new AtomicInteger();
    return (here, network, batch, training) -> {
      if (here == rank && training && passes.incrementAndGet() == pass) {
        NDArray values = network.getParameters().valueAt(parameter).getArray();
        Autograd.unrecorded(() -> values.muli(1 + Math.ulp(1f)));
      }
      return batch;
    };
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 1, 1", "0, 3, 9, 3", "2, 1, 4, 1"})
  void aRankWithOtherWeightsEndsTheTrainingOnAll(int rank, int parameter, int pass, int epoch) {
    TrainingRun run = new TrainingRun(ROWS).firstLayer(moving(rank, parameter, pass));
    // Four steps an epoch.
    List<Throwable> failures =
        run.failures(
            TrainingRun.settings(5, 25, new Sgd(0.9, 0), 0.1),
            FEW,
            IntStream.range(20, 50).toArray(),
            IntStream.range(50, ROWS).toArray());
    String message =
        "After epoch "
            + epoch
            + " rank "
            + (rank == 0 ? 1 : rank)
            + " has other weights than rank 0, though every rank makes the same updates; give all ranks the same kind of GPU";
    assertThat(failures)
        .hasSize(3)
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .isInstanceOf(DivergedException.class)
                    .hasMessageStartingWith(message));
  }

  /** As in PyTorch's DistributedDataParallel; the ranks' rows have other means. */
  @Test
  void runningStatisticsOfOtherBatchNormsAreThoseOfRankZeroAfterEveryEpoch() {
    TrainingRun run =
        new TrainingRun(ROWS).validateOn(0, 1, 2).secondLayer(() -> BatchNorm.builder().build());
    for (int row : FEW) {
      run.feature(row, 50);
    }
    TrainingSettings settings = TrainingRun.settings(3, 45, new Sgd(0.9, 0), 0.01);
    List<Trained> ranks = run.dealt(settings, MANY, FEW);
    assertThat(ranks.get(1).weights()).isEqualTo(ranks.get(0).weights());
    assertThat(ranks.get(1).epochs()).hasSize(3);
  }

  /**
   * A variance that float32 does not hold, on rank 1 alone; its outputs are finite all the same.
   */
  @Test
  void statisticsThatOneRankAloneHasDoNotMakeItLeaveTheOthers() {
    List<Long> kept = new CopyOnWriteArrayList<>();
    TrainingRun run =
        new TrainingRun(ROWS)
            .secondLayer(() -> BatchNorm.builder().build())
            .listener(
                new TrainingListener() {
                  @Override
                  public void beforeStep() {}

                  @Override
                  public StateInterval keepsState() {
                    return new StateInterval(1, 0);
                  }

                  @Override
                  public void keep(LoopState state) {
                    kept.add(state.stepsDone());
                  }

                  @Override
                  public void epochCompleted(EpochReport report) {}
                });
    for (int row : FEW) {
      run.feature(row, 1e30f * (row % 2 == 0 ? 1 : -1));
    }
    List<Trained> ranks = run.dealt(TrainingRun.settings(2, 45, new Sgd(0, 0), 0.01), MANY, FEW);
    assertThat(ranks.get(1).weights()).isEqualTo(ranks.get(0).weights());
    for (float value : ranks.get(0).weights()) {
      assertThat(value).isFinite();
    }
    // Two steps in each of two epochs, on both ranks.
    assertThat(kept).hasSize(8);
  }

  @Test
  void oneRankAloneHasNobodyToCompareWith() {
    TrainingRun run = new TrainingRun(ROWS).firstLayer(moving(0, 0, 2));
    assertThat(run.alone(TrainingRun.settings(2, 25, new Sgd(0.9, 0), 0.1)).epochs()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 7, (1 << 22) - 1, 1 << 22, (1 << 22) + 1, (1 << 23) + 5})
  void everyValueCountsInTheComparison(long size) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray weights = manager.arange((float) size).toType(DataType.FLOAT32, false);
      long same = SameWeights.hash(weights);
      assertThat(SameWeights.hash(weights.duplicate())).isEqualTo(same);
      for (long place : new long[] {0, size / 2, size - 1}) {
        NDArray other = weights.duplicate();
        other.get(place + ":" + (place + 1)).addi(3);
        assertThat(SameWeights.hash(other)).as("value %d of %d", place, size).isNotEqualTo(same);
      }
    }
  }

  /** Sums over the ranks and does not tell. */
  public static final class Secretive implements ClassificationLoss {

    @Override
    public LossKernel prepare(NDManager manager, DataType dataType) {
      return prepare(manager, dataType, RankSum.ALONE);
    }

    @Override
    public LossKernel prepare(NDManager manager, DataType dataType, RankSum ranks) {
      LossKernel kernel = CrossEntropyLoss.builder().build().prepare(manager, dataType);
      return (logits, labels) -> {
        ranks.allReduce(logits.sum(new int[] {0}));
        return kernel.evaluate(logits, labels);
      };
    }
  }

  @Test
  void aLossThatSumsOverTheRanksHasToSaySo() {
    TrainingRun run =
        new TrainingRun(ROWS)
            .loss(
                new LossSpec(
                    Secretive.class.getName(),
                    Map.of(),
                    new long[] {4, 2, 1},
                    new float[0],
                    0,
                    Reduction.MEAN));
    TrainingSettings settings = run.fullBatches(1, new Sgd(0.9, 0), 0.1);
    assertThatThrownBy(() -> run.dealt(settings, FEW, MANY))
        .hasRootCauseInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "Loss "
                + Secretive.class.getName()
                + " sums over the ranks, but does not say so; its traits() must contain COUPLES_ROWS.");
  }

  /**
   * Running statistics of the first batch norm, mean before variance, before each training pass.
   */
  private static final class Statistics implements TrainingRun.FirstLayer {

    private final Map<Integer, List<float[]>> ofRank = new ConcurrentHashMap<>();

    @Override
    public NDArray apply(int rank, Block network, NDArray batch, boolean training) {
      if (training) {
        NDList both = new NDList();
        network.getParameters().stream()
            .filter(parameter -> parameter.getKey().contains("unning"))
            .limit(2)
            .forEach(parameter -> both.add(parameter.getValue().getArray()));
        ofRank
            .computeIfAbsent(rank, key -> new ArrayList<>())
            .add(Autograd.unrecorded(() -> NDArrays.concat(both)).toFloatArray());
      }
      return batch;
    }

    float[] last(int rank) {
      List<float[]> all = ofRank.get(rank);
      return all.get(all.size() - 1);
    }
  }

  private static TrainingRun normalized(int rows, Statistics statistics) {
    return new TrainingRun(rows).batchNorm(true).firstLayer(statistics);
  }

  @Test
  void morePartsThanRowsDoNotSpoilTheStatisticsOfBatchNorm() {
    TrainingSettings whole = TrainingRun.settings(20, 4, new Sgd(0, 0), 1e-4);
    Statistics ofWhole = new Statistics();
    normalized(ROWS, ofWhole).alone(whole);
    Statistics ofParts = new Statistics();
    Trained outcome = normalized(ROWS, ofParts).alone(TrainingRun.inParts(8, whole));
    assertThat(outcome.epochs()).hasSize(20);
    float[] expected = ofWhole.last(0);
    float[] found = ofParts.last(0);
    for (int unit = 0; unit < 16; unit++) {
      float deviation = (float) Math.sqrt(expected[16 + unit]);
      assertThat(found[unit]).isCloseTo(expected[unit], Offset.offset(deviation));
      assertThat(found[16 + unit] / expected[16 + unit]).isBetween(0.3f, 3f);
    }
  }

  @Test
  void ranksWithFewRowsTakeThemInAsFewParts() {
    TrainingSettings whole = TrainingRun.settings(20, 4, new Sgd(0.9, 0), 0.1);
    int[] two = {0, 1};
    int[] otherTwo = {2, 3};
    Statistics statistics = new Statistics();
    List<Trained> inParts =
        normalized(4, statistics).dealt(TrainingRun.inParts(8, whole), two, otherTwo);
    float[] expected = normalized(4, new Statistics()).dealt(whole, two, otherTwo).get(0).weights();
    assertThat(inParts.get(0).weights()).isEqualTo(expected);
    assertThat(inParts.get(1).weights()).isEqualTo(expected);
    assertThat(statistics.last(0)).isEqualTo(statistics.last(1));
    for (float value : inParts.get(0).weights()) {
      assertThat(value).isFinite();
    }
  }

  /** Where ranks have unlike numbers of rows, parts of one rank may be empty, but never of all. */
  @Test
  void aRankWithFewerRowsThanPartsGoesAlongWithTheOthers() {
    TrainingSettings inParts =
        TrainingRun.inParts(8, TrainingRun.settings(20, ROWS, new Sgd(0.9, 0), 0.01));
    Statistics statistics = new Statistics();
    List<Trained> ranks =
        normalized(ROWS, statistics)
            .dealt(inParts, new int[] {0, 1, 2}, new int[0], IntStream.range(3, ROWS).toArray());
    for (Trained rank : ranks) {
      assertThat(rank.weights()).isEqualTo(ranks.get(0).weights());
    }
    assertThat(statistics.ofRank.values()).extracting(List::size).containsOnly(8 * 20);
    for (int unit = 0; unit < 16; unit++) {
      assertThat(statistics.last(0)[16 + unit]).isBetween(1e-3f, 100f);
    }
  }

  @Test
  void stepsOfOneRowLeaveTheStatisticsAsTheyAre() {
    Statistics statistics = new Statistics();
    normalized(5, statistics).alone(TrainingRun.settings(4, 1, new Sgd(0, 0), 0.1));
    float[] initial = new float[32];
    Arrays.fill(initial, 16, 32, 1);
    assertThat(statistics.last(0)).isEqualTo(initial);
  }
}
