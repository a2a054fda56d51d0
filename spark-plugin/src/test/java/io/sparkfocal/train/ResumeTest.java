package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.persist.Checkpoint;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run that goes on from a state is the run that never stopped. */
@Timeout(180)
class ResumeTest {

  private static final int ROWS = 90;
  private static final int[] FEW = IntStream.range(0, 30).toArray();
  private static final int[] MANY = IntStream.range(30, 85).toArray();

  private static TrainingRun run(boolean batchNorm) {
    return new TrainingRun(ROWS).batchNorm(batchNorm).dropout(0.3).validateOn(85, 86, 87, 88, 89);
  }

  /** What a run remembers after each of its steps. */
  private static Map<Long, LoopState> states(TrainingRun run, TrainingSettings settings) {
    Map<Long, LoopState> states = new ConcurrentSkipListMap<>();
    run.listener(
        new TrainingListener() {
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
        });
    run.dealt(settings, FEW, MANY);
    return states;
  }

  @ParameterizedTest
  @CsvSource({
    "adamW, false, FLOAT32",
    "adamW, true, FLOAT32",
    "sgd, true, FLOAT32",
    "adamW, true, FLOAT16"
  })
  void everyStepIsAsGoodAsAnyToGoOnFrom(String optimizer, boolean batchNorm, DataType precision) {
    TrainingSettings floats =
        TrainingRun.settings(
            3, 20, optimizer.equals("sgd") ? new Sgd(0.9, 1e-3) : new AdamW(0.01), 0.02);
    TrainingSettings settings = precision == DataType.FLOAT16 ? TrainingRun.half(floats) : floats;
    TrainingOutcome whole = run(batchNorm).dealt(settings, FEW, MANY).get(0);
    Map<Long, LoopState> states = states(run(batchNorm), settings);
    assertThat(states).hasSize(3 * 5);
    for (LoopState state : states.values()) {
      // Through the bytes of a file, since that is how it comes back.
      Checkpoint read =
          Checkpoint.decode(
              new Checkpoint(Map.of(), Standardization.none(1), state).encode(), "the test");
      TrainingOutcome rest =
          run(batchNorm).goOnFrom(read.state()).dealt(settings, FEW, MANY).get(1);
      assertThat(rest.weights()).as("from step %d", state.stepsDone()).isEqualTo(whole.weights());
      assertThat(rest.bestEpoch()).isEqualTo(whole.bestEpoch());
      assertThat(rest.epochs()).hasSize(3);
      assertThat(rest.epochs().get(2).validation()).isEqualTo(whole.epochs().get(2).validation());
      assertThat(rest.epochs().get(1).trainingLoss())
          .isCloseTo(whole.epochs().get(1).trainingLoss(), Offset.offset(1e-6));
    }
  }

  /** The loss scale doubles with the first step, if it goes on from what was remembered. */
  @Test
  void theLossScaleIsThatOfTheStateTooAndSoAreTheStepsSinceItChanged() {
    TrainingSettings settings =
        TrainingRun.half(TrainingRun.settings(3, 20, new AdamW(0.01), 0.02));
    LoopState state = states(run(false), settings).get(7L);
    Map<String, float[]> moments = new TreeMap<>(state.optimizer().moments());
    moments.put("lossScale", new float[] {8, LossScale.STEPS_TO_DOUBLE - 1});
    LoopState almost =
        new LoopState(
            state.epoch(),
            state.step(),
            state.steps(),
            state.lossSum(),
            state.weightSum(),
            state.weights(),
            new OptimizerState(state.optimizer().updates(), moments),
            state.best(),
            state.reports(),
            state.seconds());
    Map<Long, LoopState> after = states(run(false).goOnFrom(almost), settings);
    assertThat(after.get(8L).optimizer().moments().get("lossScale")).containsExactly(16, 0);
    assertThat(after.get(15L).optimizer().moments().get("lossScale")).containsExactly(16, 7);
  }

  @Test
  void fewerRanksGoOnWithinTheSameEpoch() {
    TrainingSettings settings = TrainingRun.settings(3, 20, new AdamW(0.01), 0.02);
    LoopState state = states(run(false), settings).get(7L);
    int[] all = IntStream.range(0, 85).toArray();
    TrainingOutcome rest = run(false).goOnFrom(state).dealt(settings, all).get(0);
    assertThat(rest.epochs()).hasSize(3);
    assertThat(rest.epochs().get(2).trainingLoss()).isLessThan(rest.epochs().get(0).trainingLoss());
  }

  @Test
  void theStateOfAnotherOptimizerIsRefused() {
    TrainingSettings settings = TrainingRun.settings(1, 20, new AdamW(0.01), 0.02);
    LoopState state = states(run(false), settings).get(2L);
    TrainingSettings other = TrainingRun.settings(1, 20, new Sgd(0.9, 0), 0.02);
    assertThatThrownBy(() -> run(false).goOnFrom(state).dealt(other, FEW, MANY))
        .rootCause()
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "The state of the optimizer has \\[mean, variance], but needs velocity of \\d+ values; another one made it.");
  }
}
