package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.Reduction;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class TrainingLoopTest {

  private static final int ROWS = 90;
  private static final int[] FEW = IntStream.range(0, 20).toArray();
  private static final int[] MANY = IntStream.range(20, ROWS).toArray();
  private static final int[] NONE = {};

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void skewedAndEmptyRanksGetTheWeightsOfOneRankAfter50SgdSteps(boolean batchNorm) {
    TrainingRun run = new TrainingRun(ROWS).batchNorm(batchNorm);
    TrainingSettings settings = run.fullBatches(50, new Sgd(0.9, 1e-3), 0.05);
    assertSameAsAlone(run, settings);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void skewedAndEmptyRanksGetTheWeightsOfOneRankAfter10AdamWSteps(boolean batchNorm) {
    TrainingRun run = new TrainingRun(ROWS).batchNorm(batchNorm);
    TrainingSettings settings = run.fullBatches(10, new AdamW(0.01), 0.003);
    assertSameAsAlone(run, settings);
  }

  @Test
  void theSameHoldsForTheWeightedMean() {
    TrainingRun run =
        new TrainingRun(ROWS)
            .loss(
                new LossSpec(
                    "crossEntropy",
                    Map.of(),
                    new long[] {4, 2, 1},
                    new float[] {0.5f, 1, 4},
                    0,
                    Reduction.WEIGHTED_MEAN));
    assertSameAsAlone(run, run.fullBatches(20, new Sgd(0, 0), 0.1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tversky", "dice", "ghm", "seesaw"})
  void theSameHoldsForLossesWhoseRowsDependOnEachOther(String loss) {
    TrainingRun run =
        new TrainingRun(ROWS)
            .loss(
                new LossSpec(
                    loss, Map.of(), new long[] {4, 2, 1}, new float[0], 0, Reduction.MEAN));
    assertSameAsAlone(run, run.fullBatches(20, new Sgd(0, 0), 0.1));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 7, 200})
  void aStepInPartsHasTheGradientOfTheWholeStep(int parts) {
    TrainingRun run = new TrainingRun(ROWS);
    TrainingSettings whole = run.fullBatches(20, new Sgd(0.9, 0), 0.1);
    TrainingSettings inParts =
        new TrainingSettings(
            20,
            ROWS,
            0.1,
            whole.optimizer(),
            whole.schedule(),
            0,
            0,
            whole.seed(),
            parts,
            ValidationMetric.LOSS,
            0,
            DataType.FLOAT32);
    assertThat(run.dealt(inParts, FEW, MANY).get(1).weights())
        .containsExactly(run.alone(whole).weights(), Offset.offset(1e-5f));
  }

  private static void assertSameAsAlone(TrainingRun run, TrainingSettings settings) {
    float[] alone = run.alone(settings).weights();
    List<Trained> ranks = run.dealt(settings, FEW, NONE, MANY);
    for (Trained rank : ranks) {
      assertThat(rank.weights()).isEqualTo(ranks.get(0).weights());
      assertThat(rank.weights()).hasSameSizeAs(alone);
      assertThat(rank.weights()).containsExactly(alone, Offset.offset(1e-5f));
    }
  }

  @Test
  void trainingLowersTheLossAndRecognisesTheClasses() {
    TrainingRun run = new TrainingRun(300).validateOn(IntStream.range(0, 60).toArray());
    Trained outcome =
        run.dealt(
                TrainingRun.settings(20, 32, new AdamW(0.01), 0.01),
                IntStream.range(60, 180).toArray(),
                IntStream.range(180, 300).toArray())
            .get(1);
    List<EpochReport> epochs = outcome.epochs();
    assertThat(epochs).hasSize(20);
    assertThat(epochs.get(19).trainingLoss()).isLessThan(epochs.get(0).trainingLoss() / 2);
    assertThat(epochs.get(19).validation().macroRecall()).isGreaterThan(0.65);
    assertThat(epochs.get(0).rowsPerSecond()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theSameSeedGivesTheSameBitsWithDropout(boolean batchNorm) {
    TrainingRun run = new TrainingRun(ROWS).batchNorm(batchNorm).dropout(0.3);
    TrainingSettings settings = TrainingRun.settings(4, 16, new AdamW(0.01), 0.01);
    float[] first = run.dealt(settings, FEW, MANY).get(0).weights();
    float[] second = run.dealt(settings, FEW, MANY).get(0).weights();
    assertThat(second).isEqualTo(first);
  }

  @Test
  void theWeightsAreThoseOfTheBestEpochAndTrainingStopsWhenItIsOverdue() {
    // Validation rows with labels of their own: they get worse as training goes on.
    TrainingRun run = new TrainingRun(ROWS).validateOn(0, 1, 2, 3);
    for (int row = 0; row < 4; row++) {
      run.label(row, 2);
    }
    TrainingSettings patient = withPatience(3, 30);
    Trained stopped = run.dealt(patient, MANY).get(0);
    int best = stopped.bestEpoch();
    assertThat(stopped.epochs()).hasSize(best + 3);
    double bestLoss = stopped.epochs().get(best - 1).validation().loss();
    assertThat(stopped.epochs())
        .allSatisfy(e -> assertThat(e.validation().loss()).isGreaterThanOrEqualTo(bestLoss));
    assertThat(stopped.weights())
        .isEqualTo(run.dealt(withPatience(0, best), MANY).get(0).weights());
  }

  private static TrainingSettings withPatience(int patience, int epochs) {
    TrainingSettings plain = TrainingRun.settings(epochs, 16, new AdamW(0.01), 0.01);
    return new TrainingSettings(
        plain.epochs(),
        plain.batchSize(),
        plain.learningRate(),
        plain.optimizer(),
        plain.schedule(),
        0,
        0,
        plain.seed(),
        1,
        ValidationMetric.LOSS,
        patience,
        DataType.FLOAT32);
  }

  @Test
  void aLossThatIsNotFiniteEndsTrainingWithWhatToChange() {
    TrainingRun run = new TrainingRun(ROWS).feature(5, Float.POSITIVE_INFINITY);
    assertThatThrownBy(() -> run.alone(run.fullBatches(3, new Sgd(0.9, 0), 0.1)))
        .hasRootCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("The training loss became NaN in epoch 1, by step 1")
        .hasMessageContaining("lower learningRate (now 0.1) or set gradientClipNorm (now 0.0)");
  }

  @Test
  void clippingBoundsTheStepByNormTimesLearningRate() {
    TrainingRun run = new TrainingRun(ROWS);
    float[] before = run.alone(run.fullBatches(1, new Sgd(0, 0), 1e-30)).weights();
    TrainingSettings plain = run.fullBatches(1, new Sgd(0, 0), 1);
    TrainingSettings clipped =
        new TrainingSettings(
            1,
            ROWS,
            1,
            new Sgd(0, 0),
            LearningRateSchedule.CONSTANT,
            0,
            0.01,
            3,
            1,
            ValidationMetric.LOSS,
            0,
            DataType.FLOAT32);
    assertThat(distance(before, run.alone(plain).weights())).isGreaterThan(0.05);
    assertThat(distance(before, run.alone(clipped).weights())).isCloseTo(0.01, Offset.offset(1e-4));
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "false, 0.3", "true, 0", "true, 0.3"})
  void theGradientOfEveryLayerIsThatOfCentralDifferences(boolean batchNorm, double dropout) {
    TrainingRun run = new TrainingRun(ROWS).batchNorm(batchNorm).dropout(dropout);
    float[] start = run.dealt(run.fullBatches(3, new Sgd(0, 0), 0.5), FEW, MANY).get(0).weights();
    float[] after =
        run.startFrom(start.clone())
            .dealt(run.fullBatches(1, new Sgd(0, 0), 1), FEW, MANY)
            .get(0)
            .weights();
    float h = 4e-3f;
    // Each of four running statistics takes 64 places.
    int trained = batchNorm ? start.length - 4 * 64 : start.length;
    for (int i = 0; i < trained; i += 7) {
      double difference = (lossAt(run, start, i, h) - lossAt(run, start, i, -h)) / (2 * h);
      assertThat((double) start[i] - after[i])
          .as("gradient of value %d", i)
          .isCloseTo(difference, Offset.offset(2e-3));
    }
  }

  private static double lossAt(TrainingRun run, float[] start, int index, float step) {
    float[] moved = start.clone();
    moved[index] += step;
    return run.startFrom(moved)
        .dealt(run.fullBatches(1, new Sgd(0, 0), 1e-30), FEW, MANY)
        .get(0)
        .epochs()
        .get(0)
        .trainingLoss();
  }

  private static double distance(float[] one, float[] other) {
    double squares = 0;
    for (int i = 0; i < one.length; i++) {
      squares += Math.pow(one[i] - other[i], 2);
    }
    return Math.sqrt(squares);
  }
}
