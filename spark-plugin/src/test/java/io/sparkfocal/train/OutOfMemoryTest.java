package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.testing.HungryLoss;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
    TrainingOutcome ample = hungry(ROWS).dealt(settings, FEW, MANY).get(0);
    HungryLoss.ASKED.clear();
    TrainingOutcome tight = hungry(17).dealt(settings, FEW, MANY).get(0);
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
    TrainingOutcome ample = hungry(ROWS).dealt(settings, FEW, MANY).get(0);
    HungryLoss.ASKED.clear();
    TrainingOutcome tight = hungry(17).dealt(settings, FEW, MANY).get(0);
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

  @Test
  void ranksThatExchangeWithinAStepCannotRepeatItAlone() {
    TrainingRun run = hungry(17).batchNorm(true);
    TrainingSettings settings = run.fullBatches(3, new Sgd(0.9, 0), 0.1);
    assertThatThrownBy(() -> run.dealt(settings, FEW, MANY))
        .hasStackTraceContaining(
            "rows in 1 parts, and the ranks have begun to exchange what batch norm or the loss sums; lower batchSize or raise gradientAccumulationSteps: CUDA out of memory. Tried to allocate 2.00 GiB");
  }

  @Test
  void oneRowThatIsTooMuchEndsTheTraining() {
    TrainingRun run = hungry(0);
    TrainingSettings settings = TrainingRun.settings(1, 4, new Sgd(0, 0), 0.1);
    assertThatThrownBy(() -> run.alone(settings))
        .hasStackTraceContaining("Memory does not suffice for 3 rows in 3 parts; lower batchSize");
  }
}
