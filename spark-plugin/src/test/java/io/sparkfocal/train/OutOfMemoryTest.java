package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.norm.BatchNorm;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.testing.HungryLoss;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An allocator that fails, on the CPU. */
@Timeout(180)
class OutOfMemoryTest {

  private static final int ROWS = 90;
  private static final int[] FEW = IntStream.range(0, 25).toArray();
  private static final int[] MANY = IntStream.range(25, ROWS).toArray();

  @BeforeEach
  void forget() {
    HungryLoss.ASKED.clear();
    HungryLoss.CALLS_LEFT.set(-1);
  }

  private static TrainingRun hungry(int mostRows) {
    HungryLoss.MOST_ROWS.set(mostRows);
    return new TrainingRun(ROWS)
        .loss(
            new LossSpec(
                HungryLoss.class.getName(),
                Map.of(),
                new long[] {4, 2, 1},
                new float[0],
                0,
                Reduction.MEAN));
  }

  @Test
  void aStepIsRepeatedInHalvesAndNothingIsLost() {
    TrainingSettings settings = hungry(ROWS).fullBatches(20, new Sgd(0.9, 0), 0.1);
    Trained ample = hungry(ROWS).dealt(settings, FEW, MANY).get(0);
    HungryLoss.ASKED.clear();
    Trained tight = hungry(17).dealt(settings, FEW, MANY).get(0);
    assertThat(tight.weights()).containsExactly(ample.weights(), Offset.offset(1e-6f));
    for (int epoch = 0; epoch < 20; epoch++) {
      assertThat(tight.epochs().get(epoch).trainingLoss())
          .isCloseTo(ample.epochs().get(epoch).trainingLoss(), Offset.offset(1e-6));
    }
    // 65 rows in 1, 2 and 4 parts; 25 in 1 and 2.
    assertThat(HungryLoss.ASKED).containsExactly(12L, 13L, 16L, 17L, 25L, 32L, 65L);
  }

  @Test
  void aStepInFloat16IsRepeatedLikeAnyOther() {
    TrainingSettings settings = TrainingRun.half(hungry(ROWS).fullBatches(5, new Sgd(0.9, 0), 0.1));
    Trained ample = hungry(ROWS).dealt(settings, FEW, MANY).get(0);
    HungryLoss.ASKED.clear();
    Trained tight = hungry(17).dealt(settings, FEW, MANY).get(0);
    // Gradients of a part are rounded to 11 bits.
    assertThat(tight.weights()).containsExactly(ample.weights(), Offset.offset(1e-3f));
    assertThat(HungryLoss.ASKED).contains(17L, 65L);
  }

  /** What the first part has added is forgotten when memory does not suffice for the second. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void aStepThatFailsInALaterPartCountsNothingTwice(DataType precision) {
    TrainingSettings floats =
        new TrainingSettings(
            1,
            ROWS,
            0.1,
            new Sgd(0, 0),
            LearningRateSchedule.CONSTANT,
            0,
            0,
            3,
            2,
            ValidationMetric.LOSS,
            0,
            DataType.FLOAT32);
    TrainingSettings settings = precision == DataType.FLOAT16 ? TrainingRun.half(floats) : floats;
    float[] ample = hungry(ROWS).alone(settings).weights();
    HungryLoss.ASKED.clear();
    HungryLoss.CALLS_LEFT.set(1);
    float[] tight = hungry(ROWS).alone(settings).weights();
    assertThat(HungryLoss.ASKED).contains(22L, 23L, 45L);
    assertThat(tight)
        .containsExactly(ample, Offset.offset(precision == DataType.FLOAT16 ? 1e-4f : 1e-6f));
  }

  /** Which moves its statistics in the forward pass, also of a step that is taken back. */
  @Test
  void runningStatisticsOfDjlsBatchNormAreTakenBackWithTheStep() {
    TrainingSettings whole = hungry(ROWS).fullBatches(3, new Sgd(0.9, 0), 0.1);
    float[] halves =
        hungry(ROWS)
            .secondLayer(() -> BatchNorm.builder().build())
            .alone(TrainingRun.inParts(2, whole))
            .weights();
    float[] repeated =
        hungry(60).secondLayer(() -> BatchNorm.builder().build()).alone(whole).weights();
    assertThat(repeated).isEqualTo(halves);
  }

  @Test
  void onRequestThePartsAreFoundBeforeTraining() {
    TrainingSettings fixed = hungry(ROWS).fullBatches(5, new Sgd(0.9, 0), 0.1);
    TrainingSettings found =
        new TrainingSettings(
            5,
            ROWS,
            0.1,
            fixed.optimizer(),
            fixed.schedule(),
            0,
            0,
            fixed.seed(),
            0,
            ValidationMetric.LOSS,
            0,
            DataType.FLOAT32);
    float[] ample = hungry(ROWS).alone(fixed).weights();
    assertThat(hungry(30).alone(found).weights()).containsExactly(ample, Offset.offset(1e-6f));
  }

  /** On the calls of that rank's forward pass in training that are listed, from 1. */
  private static TrainingRun.FirstLayer failing(int unlucky, int... calls) {
    AtomicInteger made = new AtomicInteger();
    return (rank, network, batch, training) -> {
      if (rank == unlucky && training) {
        int call = made.incrementAndGet();
        if (Arrays.stream(calls).anyMatch(failing -> failing == call)) {
          throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB\nStack");
        }
      }
      return batch;
    };
  }

  private static TrainingRun thatSums(String what) {
    TrainingRun run = new TrainingRun(ROWS);
    return what.equals("batchNorm")
        ? run.batchNorm(true)
        : run.loss(
            new LossSpec(what, Map.of(), new long[] {4, 2, 1}, new float[0], 0, Reduction.MEAN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"batchNorm", "ghm", "dice"})
  void ranksThatSumWithinAStepRepeatItTogether(String what) {
    TrainingSettings whole = thatSums(what).fullBatches(6, new Sgd(0.9, 0), 0.1);
    List<Trained> halves = thatSums(what).dealt(TrainingRun.inParts(2, whole), FEW, MANY);
    // The other rank is before its first sum then.
    List<Trained> repeated = thatSums(what).firstLayer(failing(0, 1)).dealt(whole, FEW, MANY);
    assertThat(repeated.get(1).weights()).isEqualTo(repeated.get(0).weights());
    assertThat(repeated.get(0).weights()).isEqualTo(halves.get(0).weights());
    // Twice, of which the second is in a second part, after sums of the first.
    List<Trained> twice = thatSums(what).firstLayer(failing(1, 1, 3)).dealt(whole, FEW, MANY);
    List<Trained> quarters = thatSums(what).dealt(TrainingRun.inParts(4, whole), FEW, MANY);
    assertThat(twice.get(0).weights()).isEqualTo(quarters.get(0).weights());
    assertThat(twice.get(1).weights()).isEqualTo(twice.get(0).weights());
  }

  @Test
  void ranksThatSumWithinAStepRepeatItTogetherAfterASumToo() {
    TrainingRun ample = hungry(ROWS).batchNorm(true);
    TrainingSettings whole = ample.fullBatches(3, new Sgd(0.9, 0), 0.1);
    float[] expected = ample.dealt(TrainingRun.inParts(4, whole), FEW, MANY).get(0).weights();
    HungryLoss.ASKED.clear();
    List<Trained> tight = hungry(17).batchNorm(true).dealt(whole, FEW, MANY);
    assertThat(tight.get(0).weights()).isEqualTo(expected);
    assertThat(tight.get(1).weights()).isEqualTo(expected);
    // Both ranks take as many parts, though two would do for 25 rows.
    assertThat(HungryLoss.ASKED).containsExactly(6L, 7L, 12L, 16L, 17L, 25L, 32L, 65L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"batchNorm", "ghm"})
  void laterARankThatSumsWithinItsStepsEndsTheTrainingOnAll(String what) {
    TrainingSettings settings = thatSums(what).fullBatches(20, new Sgd(0.9, 0), 0.1);
    List<Throwable> failures =
        thatSums(what).firstLayer(failing(0, 15)).failures(settings, FEW, MANY);
    // Another training may find more: ten steps of as many rows did.
    assertThat(failures).doesNotHaveAnyElementsOfTypes(MemoryException.class);
    assertThat(failures)
        .extracting(Throwable::getMessage)
        .containsOnly(
            "Memory does not suffice for 25 rows in 1 part, and a step in which the ranks exchange what batch norm or the loss sums is not repeated after the first 10; lower batchSize or raise gradientAccumulationSteps: CUDA out of memory. Tried to allocate 2.00 GiB");
  }

  @Test
  void ranksThatCannotCutTheirRowsFurtherEndWithTheSentenceOfTheOneThatFailed() {
    int[] always = IntStream.rangeClosed(1, 100).toArray();
    TrainingRun run = thatSums("ghm").firstLayer(failing(1, always));
    List<Throwable> failures =
        run.failures(TrainingRun.settings(2, 8, new Sgd(0.9, 0), 0.1), FEW, MANY);
    assertThat(failures).hasAtLeastOneElementOfType(MemoryException.class);
    assertThat(failures)
        .extracting(Throwable::getMessage)
        .containsOnly(
            "Memory does not suffice for 5 rows in 5 parts, and they cannot be cut further; lower batchSize or train a smaller network: CUDA out of memory. Tried to allocate 2.00 GiB");
  }

  @ParameterizedTest
  @ValueSource(strings = {"batchNorm", "ghm", "focal"})
  void whatIsFoundBeforeTrainingHoldsForAllRanks(String what) {
    TrainingSettings settings = thatSums(what).fullBatches(3, new Sgd(0.9, 0), 0.1);
    Queue<Long> rowsOfLargeRank = new ConcurrentLinkedQueue<>();
    Queue<Long> rowsOfSmallRank = new ConcurrentLinkedQueue<>();
    TrainingRun run =
        thatSums(what)
            .firstLayer(
                (rank, network, batch, training) -> {
                  long rows = batch.getShape().get(0);
                  (rank == 0 ? rowsOfSmallRank : rowsOfLargeRank).add(rows);
                  if (rank == 1 && rows > 33) {
                    throw new EngineException("CUDA out of memory.");
                  }
                  return batch;
                });
    List<Trained> found = run.dealt(TrainingRun.inParts(0, settings), FEW, MANY);
    assertThat(found.get(1).weights()).isEqualTo(found.get(0).weights());
    assertThat(List.copyOf(rowsOfLargeRank)).endsWith(32L, 33L, 32L, 33L, 32L, 33L);
    assertThat(List.copyOf(rowsOfSmallRank)).endsWith(12L, 13L, 12L, 13L, 12L, 13L);
  }

  /** Rows on a device, whose batches find no memory in the calls of these numbers. */
  private static TrainingRun withScarceBatches(Set<Integer> calls) {
    AtomicInteger number = new AtomicInteger();
    return hungry(ROWS)
        .shards(
            shard ->
                new TensorShard(
                    ((TensorShard) shard).rowsAsTensors(),
                    ((TensorShard) shard).order(),
                    (all, order) ->
                        (from, count) -> {
                          if (calls.contains(number.getAndIncrement())) {
                            throw new EngineException(
                                "CUDA out of memory. Tried to allocate 1 GiB");
                          }
                          return Gather.composed(all, order).rows(from, count);
                        }));
  }

  @Test
  void rowsForWhoseBatchMemoryDidNotSufficeAreAskedForAgain() {
    TrainingSettings settings = TrainingRun.settings(3, 30, new Sgd(0.9, 0), 0.1);
    float[] ample = hungry(ROWS).alone(settings).weights();
    float[] scarce = withScarceBatches(Set.of(0, 4, 5)).alone(settings).weights();
    assertThat(scarce).containsExactly(ample, Offset.offset(1e-6f));
  }

  @Test
  void aBatchThatMemoryNeverSufficesForEndsTheTraining() {
    TrainingSettings settings = TrainingRun.settings(1, 30, new Sgd(0.9, 0), 0.1);
    TrainingRun run =
        withScarceBatches(IntStream.range(1, 100).boxed().collect(Collectors.toSet()));
    assertThatThrownBy(() -> run.alone(settings))
        .hasStackTraceContaining(
            "Memory does not suffice for 30 rows in 30 parts, and they cannot be cut further; lower batchSize or train a smaller network: CUDA out of memory. Tried to allocate 1 GiB");
  }

  @Test
  void oneRowThatIsTooMuchEndsTheTraining() {
    TrainingRun run = hungry(0);
    TrainingSettings settings = TrainingRun.settings(1, 4, new Sgd(0, 0), 0.1);
    assertThatThrownBy(() -> run.alone(settings))
        .hasStackTraceContaining(
            "Memory does not suffice for 3 rows in 3 parts, and they cannot be cut further; lower batchSize");
  }
}
