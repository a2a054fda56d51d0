package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkfocal.collective.CollectiveException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a rank makes of sums that are none, because another one was lost. */
@Timeout(120)
class LostRankTest {

  private static final int STEPS = 5;
  private static final int EVERY = 3;

  private final List<Long> kept = new ArrayList<>();
  private final List<Integer> reported = new ArrayList<>();

  private TrainingRun run() {
    return new TrainingRun(100)
        .listener(
            new TrainingListener() {
              @Override
              public void beforeStep() {}

              @Override
              public StateInterval keepsState() {
                return new StateInterval(EVERY, 0);
              }

              @Override
              public void keep(LoopState state) {
                kept.add(state.stepsDone());
              }

              @Override
              public void epochCompleted(EpochReport report) {
                reported.add(report.epoch());
              }
            });
  }

  private static TrainingSettings settings(boolean half) {
    TrainingSettings settings = TrainingRun.settings(4, 20, new AdamW(0.01), 0.01);
    return half ? TrainingRun.half(settings) : settings;
  }

  private void assertNothingOfItIsUsed(int lostAt, LostRank rank, boolean half) {
    Throwable failure = catchThrowable(() -> run().over(rank, settings(half)));
    assertThat(failure).isInstanceOf(CollectiveException.class).hasMessage(LostRank.REASON);
    List<Long> states = new ArrayList<>();
    for (long step = EVERY; step <= lostAt; step += EVERY) {
      states.add(step);
    }
    assertThat(kept).isEqualTo(states);
    assertThat(reported).hasSize(lostAt / STEPS);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 0.25, AT_ONCE",
    "2, 0.25, IN_THE_BARRIER",
    "2, NaN, AT_ONCE",
    "2, NaN, IN_THE_BARRIER",
    "4, 0.25, AT_ONCE",
    "4, 0.25, IN_THE_BARRIER",
    "4, NaN, IN_THE_BARRIER",
    "9, Infinity, IN_THE_BARRIER",
    "19, 0.25, AT_ONCE",
    "19, 0.25, IN_THE_BARRIER",
    "19, NaN, IN_THE_BARRIER"
  })
  void nothingThatCameOfItIsKeptReportedOrTakenForADivergence(
      int lostAt, float left, LostRank.Told told) {
    assertNothingOfItIsUsed(lostAt, new LostRank(lostAt, left, told), false);
  }

  /** Of a training in float16, which leaves out a step with such gradients. */
  @Test
  void norIsALossScaleThatItMade() {
    assertNothingOfItIsUsed(4, new LostRank(4, Float.NaN, LostRank.Told.IN_THE_BARRIER), true);
  }

  /** 2 in every place: both ranks would be done with two rows of each class and two hits. */
  @ParameterizedTest
  @EnumSource(LostRank.Told.class)
  void norDoesAnEvaluationOfItReachAReport(LostRank.Told told) {
    LostRank rank = new LostRank(STEPS, 2, told);
    Throwable failure = catchThrowable(() -> run().validateOn(1, 2, 3).over(rank, settings(false)));
    assertThat(failure).isInstanceOf(CollectiveException.class).hasMessage(LostRank.REASON);
    assertThat(rank.operations()).isEqualTo(STEPS + 1);
    assertThat(kept).containsExactly(3L);
    assertThat(reported).isEmpty();
  }

  /** Over the memory of the host a rank may hear of it from the other before it sees it itself. */
  @Test
  void aTrainingOnHostsThatDoesDivergeIsToldSo() {
    TrainingRun diverging = run().feature(5, Float.POSITIVE_INFINITY);
    int[] few = {1, 2, 3, 4, 5, 6, 7, 8};
    int[] many = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
    List<Throwable> failures = diverging.failures(settings(false), few, many);
    assertThat(failures).hasSize(2).hasAtLeastOneElementOfType(DivergedException.class);
    assertThat(failures).extracting(Throwable::getMessage).allMatch(m -> m.contains("became NaN"));
  }
}
