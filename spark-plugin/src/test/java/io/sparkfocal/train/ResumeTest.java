package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.persist.Checkpoint;
import io.sparkfocal.persist.EarlierFormats;
import io.sparkfocal.persist.FileBytes;
import java.nio.FloatBuffer;
import java.util.List;
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
    "adamW, false, FLOAT32, 0",
    "adamW, true, FLOAT32, 0",
    "sgd, true, FLOAT32, 0",
    "adamW, true, FLOAT16, 0",
    "adamW, true, FLOAT32, 0.5"
  })
  void everyStepIsAsGoodAsAnyToGoOnFrom(
      String optimizer, boolean batchNorm, DataType precision, double averaging) {
    TrainingSettings floats =
        TrainingRun.settings(
            3, 20, optimizer.equals("sgd") ? new Sgd(0.9, 1e-3) : new AdamW(0.01), 0.02);
    TrainingSettings settings =
        precision == DataType.FLOAT16
            ? TrainingRun.half(floats)
            : TrainingRun.averaged(floats, averaging);
    Trained whole = run(batchNorm).dealt(settings, FEW, MANY).get(0);
    Map<Long, LoopState> states = states(run(batchNorm), settings);
    assertThat(states).hasSize(3 * 5);
    for (LoopState state : states.values()) {
      // Through the bytes of a file, since that is how it comes back.
      Checkpoint read =
          FileBytes.checkpoint(
              FileBytes.of(new Checkpoint(Map.of(), Standardization.none(1), state)), "the test");
      Trained rest =
          run(batchNorm).goOnFrom(onHeap(read.state())).dealt(settings, FEW, MANY).get(1);
      assertThat(rest.weights()).as("from step %d", state.stepsDone()).isEqualTo(whole.weights());
      assertThat(rest.bestEpoch()).isEqualTo(whole.bestEpoch());
      assertThat(rest.epochs()).hasSize(3);
      assertThat(rest.epochs().get(2).validation()).isEqualTo(whole.epochs().get(2).validation());
      assertThat(rest.epochs().get(1).trainingLoss())
          .isCloseTo(whole.epochs().get(1).trainingLoss(), Offset.offset(1e-6));
    }
  }

  /** Parameters lay one after the other, without gaps, in files of format 1. */
  @ParameterizedTest
  @CsvSource({"adamW, true, FLOAT32", "sgd, false, FLOAT32", "adamW, true, FLOAT16"})
  void aCheckpointOfAnEarlierVersionIsAsGoodAsOneOfThis(
      String optimizer, boolean batchNorm, DataType precision) {
    TrainingSettings floats =
        TrainingRun.settings(
            3, 20, optimizer.equals("sgd") ? new Sgd(0.9, 1e-3) : new AdamW(0.01), 0.02);
    TrainingSettings settings = precision == DataType.FLOAT16 ? TrainingRun.half(floats) : floats;
    Trained whole = run(batchNorm).dealt(settings, FEW, MANY).get(0);
    LoopState state = states(run(batchNorm), settings).get(7L);
    try (NDManager manager = NDManager.newBaseManager()) {
      FlatParameters parameters = flat(batchNorm, manager);
      LoopState packed = packed(state, parameters);
      assertThat(packed.weights().toArray())
          .hasSizeLessThan((int) state.weights().size())
          .hasSize(batchNorm ? 6 * 16 + 4 * 16 + 16 * 8 + 4 * 8 + 8 * 3 + 3 : 112 + 136 + 27);
      LoopState read =
          FileBytes.checkpoint(EarlierFormats.file("1", Map.of("a", "b"), packed), "the test")
              .state(parameters);
      assertThat(read.weights().toArray()).isEqualTo(state.weights().toArray());
      assertThat(read.best().weights().toArray()).isEqualTo(state.best().weights().toArray());
      assertThat(read.reports())
          .usingRecursiveFieldByFieldElementComparatorIgnoringFields("validation.metric")
          .isEqualTo(state.reports())
          .allSatisfy(report -> assertThat(report.validation().metric()).isNaN());
      Trained rest = run(batchNorm).goOnFrom(onHeap(read)).dealt(settings, FEW, MANY).get(1);
      assertThat(rest.weights()).isEqualTo(whole.weights());
      assertThat(rest.epochs().get(2).validation()).isEqualTo(whole.epochs().get(2).validation());
    }
  }

  @Test
  void aCheckpointOfAnEarlierVersionAndAnotherNetworkIsRefused() {
    TrainingSettings settings = TrainingRun.settings(1, 20, new AdamW(0.01), 0.02);
    LoopState state = states(run(false), settings).get(2L);
    try (NDManager manager = NDManager.newBaseManager()) {
      LoopState packed = packed(state, flat(false, manager));
      Checkpoint read = new Checkpoint(Map.of(), Standardization.none(1), packed, true);
      FlatParameters other = flat(true, manager);
      assertThatThrownBy(() -> read.state(other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "The checkpoint has 275 values where the network has 347; another network made it.");
    }
  }

  private static FlatParameters flat(boolean batchNorm, NDManager manager) {
    return FlatParameters.of(
        new MlpNetwork()
            .create(
                TrainingRun.FEATURES,
                TrainingRun.CLASSES,
                MlpNetwork.arguments(new int[] {16, 8}, 0.3, batchNorm),
                Layers.forInference()),
        TrainingRun.FEATURES,
        manager,
        1);
  }

  /** For several ranks, each of which closes what it goes on from. */
  static LoopState onHeap(LoopState state) {
    Map<String, Floats> moments = new TreeMap<>(state.optimizer().moments());
    moments.replaceAll((name, values) -> Floats.of(values.toArray()));
    LoopState.Best best = state.best();
    return new LoopState(
        state.epoch(),
        state.step(),
        state.steps(),
        state.lossSum(),
        state.weightSum(),
        Floats.of(state.weights().toArray()),
        new OptimizerState(state.optimizer().updates(), moments),
        best == null
            ? null
            : new LoopState.Best(best.epoch(), best.score(), Floats.of(best.weights().toArray())),
        state.reports(),
        state.seconds());
  }

  /** As an earlier version kept it. */
  private static LoopState packed(LoopState state, FlatParameters parameters) {
    List<ParameterSlice> all = parameters.slices();
    long end = parameters.trained().size();
    List<ParameterSlice> trained = all.stream().filter(s -> s.offset() < end).toList();
    Map<String, Floats> moments = new TreeMap<>(state.optimizer().moments());
    moments.replaceAll(
        (name, values) -> name.equals("lossScale") ? values : packed(values, trained));
    LoopState.Best best = state.best();
    return new LoopState(
        state.epoch(),
        state.step(),
        state.steps(),
        state.lossSum(),
        state.weightSum(),
        packed(state.weights(), all),
        new OptimizerState(state.optimizer().updates(), moments),
        best == null
            ? null
            : new LoopState.Best(best.epoch(), best.score(), packed(best.weights(), all)),
        state.reports(),
        state.seconds());
  }

  private static Floats packed(Floats values, List<ParameterSlice> slices) {
    FloatBuffer packed =
        FloatBuffer.allocate((int) slices.stream().mapToLong(ParameterSlice::size).sum());
    slices.forEach(slice -> packed.put(values.part(slice.offset(), slice.size()).toArray()));
    return Floats.of(packed.array());
  }

  /** The loss scale doubles with the first step, if it goes on from what was remembered. */
  @Test
  void theLossScaleIsThatOfTheStateTooAndSoAreTheStepsSinceItChanged() {
    TrainingSettings settings =
        TrainingRun.half(TrainingRun.settings(3, 20, new AdamW(0.01), 0.02));
    LoopState state = states(run(false), settings).get(7L);
    Map<String, Floats> moments = new TreeMap<>(state.optimizer().moments());
    moments.put("lossScale", Floats.of(8, LossScale.STEPS_TO_DOUBLE - 1));
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
    Map<Long, LoopState> after = states(run(false).goOnFrom(onHeap(almost)), settings);
    assertThat(after.get(8L).optimizer().moments().get("lossScale").toArray())
        .containsExactly(16, 0);
    assertThat(after.get(15L).optimizer().moments().get("lossScale").toArray())
        .containsExactly(16, 7);
  }

  @Test
  void fewerRanksGoOnWithinTheSameEpoch() {
    TrainingSettings settings = TrainingRun.settings(3, 20, new AdamW(0.01), 0.02);
    LoopState state = states(run(false), settings).get(7L);
    int[] all = IntStream.range(0, 85).toArray();
    Trained rest = run(false).goOnFrom(onHeap(state)).dealt(settings, all).get(0);
    assertThat(rest.epochs()).hasSize(3);
    assertThat(rest.epochs().get(2).trainingLoss()).isLessThan(rest.epochs().get(0).trainingLoss());
  }

  @Test
  void theStateOfAnotherOptimizerIsRefused() {
    TrainingSettings settings = TrainingRun.settings(1, 20, new AdamW(0.01), 0.02);
    LoopState state = states(run(false), settings).get(2L);
    TrainingSettings other = TrainingRun.settings(1, 20, new Sgd(0.9, 0), 0.02);
    assertThatThrownBy(() -> run(false).goOnFrom(onHeap(state)).dealt(other, FEW, MANY))
        .rootCause()
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "The state of the optimizer has \\[mean, variance], but needs velocity of \\d+ values; another one made it.");
  }
}
