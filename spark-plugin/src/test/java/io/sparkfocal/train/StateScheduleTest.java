package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.ForwardingCollective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.Ranks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StateScheduleTest {

  private record Run(List<Integer> due, long messages) {}

  /**
   * Steps after which a state is due on each of three ranks, whose clocks have nothing in common.
   */
  private static List<Run> runs(StateInterval every, int steps, LongUnaryOperator nanosAfterStep) {
    return runs(every, steps, nanosAfterStep, step -> true);
  }

  private static List<Run> runs(
      StateInterval every, int steps, LongUnaryOperator nanosAfterStep, LongPredicate takes) {
    LocalGroup group = LocalGroup.of(3, Duration.ofSeconds(30));
    List<Collective> ranks = IntStream.range(0, 3).mapToObj(group::member).toList();
    try {
      return Ranks.run(
          ranks,
          c -> {
            try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
              Counted counted = new Counted(c);
              TensorCollective tensors = new TensorCollective(counted);
              long[] step = {0};
              StateSchedule schedule =
                  new StateSchedule(
                      every,
                      tensors,
                      manager,
                      () -> c.rank() == 0 ? nanosAfterStep.applyAsLong(step[0]) : 7L * c.rank(),
                      () -> c.rank() == 0 && takes.test(step[0]));
              List<Integer> due = new ArrayList<>();
              for (step[0] = 1; step[0] <= steps; step[0]++) {
                if (schedule.isDue()) {
                  due.add((int) step[0]);
                }
              }
              return new Run(due, counted.sums);
            }
          });
    } finally {
      ranks.forEach(Collective::close);
    }
  }

  /** Counts its sums. */
  private static final class Counted extends ForwardingCollective {

    private long sums;

    Counted(Collective collective) {
      super(collective);
    }

    @Override
    public void allReduce(ByteBuffer values, Precision precision) {
      sums++;
      super.allReduce(values, precision);
    }
  }

  @Test
  void stepsAreCountedByEveryRankWithoutAMessage() {
    assertThat(runs(new StateInterval(4, 0), 14, step -> 0))
        .allSatisfy(run -> assertThat(run.due()).containsExactly(4, 8, 12))
        .allSatisfy(run -> assertThat(run.messages()).isZero());
    assertThat(runs(StateInterval.NEVER, 5, step -> 0))
        .allSatisfy(run -> assertThat(run.due()).isEmpty());
  }

  @Test
  void timeIsThatOfRank0AndFewStepsCostAMessage() {
    // 10 ms a step, a state each 10 s.
    List<Run> runs = runs(new StateInterval(0, 10_000), 3000, step -> step * 10_000_000);
    assertThat(runs).containsOnly(runs.get(0));
    assertThat(runs.get(0).due()).containsExactly(1000, 2000, 3000);
    assertThat(runs.get(0).messages()).isLessThan(45);
  }

  @Test
  void stepsThatBecomeSlowerAreNoticed() {
    // 1 ms a step, then 1 s; a state each 20 s.
    LongUnaryOperator nanos =
        step -> Math.min(step, 500) * 1_000_000 + Math.max(0, step - 500) * 1_000_000_000L;
    List<Run> runs = runs(new StateInterval(0, 20_000), 2600, nanos);
    assertThat(runs).containsOnly(runs.get(0));
    int first = runs.get(0).due().get(0);
    assertThat(first).isBetween(520, 1520);
    // From then on it is known how long a step takes.
    assertThat(runs.get(0).due().get(1) - first).isEqualTo(20);
  }

  /** What rank 0 cannot take, since the state before is still being written. */
  @Test
  void aStateThatIsDueByTimeWaitsUntilItCanBeTaken() {
    // 10 ms a step, a state each second.
    List<Run> runs =
        runs(
            new StateInterval(0, 1_000),
            400,
            step -> step * 10_000_000,
            step -> step < 150 || step > 230);
    assertThat(runs).containsOnly(runs.get(0));
    assertThat(runs.get(0).due()).hasSize(3).startsWith(100);
    assertThat(runs.get(0).due().get(1)).isBetween(231, 240);
    assertThat(runs.get(0).messages()).isLessThan(60);
    // By steps it is as due as ever, and left out by who takes it.
    assertThat(runs(new StateInterval(100, 0), 400, step -> 0, step -> false))
        .allSatisfy(run -> assertThat(run.due()).containsExactly(100, 200, 300, 400));
  }

  @Test
  void whicheverComesFirstCounts() {
    List<Run> runs = runs(new StateInterval(30, 1_000), 100, step -> step * 50_000_000);
    assertThat(runs).containsOnly(runs.get(0));
    assertThat(runs.get(0).due()).containsExactly(20, 40, 60, 80, 100);
    runs = runs(new StateInterval(15, 1_000), 60, step -> step * 50_000_000);
    assertThat(runs.get(0).due()).containsExactly(15, 30, 45, 60);
  }
}
