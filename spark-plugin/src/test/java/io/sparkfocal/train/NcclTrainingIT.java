package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.ForwardingCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.nccl.NcclCollective;
import io.sparkfocal.collective.nccl.StreamOrdered;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.testing.CudaStandIn;
import io.sparkfocal.testing.Ranks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trainings whose sums travel over NCCL, over a stand-in that runs beside the training threads. */
@Timeout(180)
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class NcclTrainingIT {

  private static final int HANG = 0x7fc0dead;
  private static final int[] FEW = IntStream.range(0, 30).toArray();
  private static final int[] MANY = IntStream.range(30, 95).toArray();

  private final List<Long> kept = new CopyOnWriteArrayList<>();
  private final List<Integer> reported = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folder().toString());
  }

  private TrainingRun run(boolean batchNorm) {
    return new TrainingRun(100)
        .batchNorm(batchNorm)
        .dropout(0.2)
        .validateOn(95, 96, 97, 98, 99)
        .listener(
            new TrainingListener() {
              @Override
              public void beforeStep() {}

              @Override
              public StateInterval keepsState() {
                return new StateInterval(2, 0);
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
    TrainingSettings settings = TrainingRun.settings(3, 20, new AdamW(0.01), 0.01);
    return half ? TrainingRun.half(settings) : settings;
  }

  private static List<Collective> group(Duration timeout) {
    LocalGroup control = LocalGroup.of(2, timeout);
    return new ArrayList<>(
        Ranks.run(
            List.of(control.member(0), control.member(1)),
            c ->
                StreamOrdered.over(
                    NcclCollective.join(
                        c, "Rank %d of 2".formatted(c.rank()), 2 + c.rank(), timeout),
                    2 + c.rank())));
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "true, true"})
  void theWeightsAreThoseOfTheHostsOwnCollective(boolean batchNorm, boolean half) {
    List<Trained> host = run(batchNorm).dealt(settings(half), FEW, MANY);
    kept.clear();
    reported.clear();
    List<Trained> nccl =
        run(batchNorm).dealt(group(Duration.ofSeconds(60)), settings(half), FEW, MANY);
    for (int rank = 0; rank < 2; rank++) {
      assertThat(nccl.get(rank).weights()).isEqualTo(host.get(rank).weights());
    }
    assertThat(kept).hasSize(2 * 7).contains(2L, 14L);
    assertThat(reported).hasSize(2 * 3);
  }

  /** All ranks agree that none was lost before they say so. */
  @Test
  void aTrainingThatDoesDivergeIsToldSoByEveryRank() {
    TrainingRun diverging = run(false).feature(5, Float.POSITIVE_INFINITY);
    List<Throwable> failures =
        diverging.failures(group(Duration.ofSeconds(60)), settings(false), FEW, MANY);
    assertThat(failures).hasSize(2).hasOnlyElementsOfType(DivergedException.class);
    assertThat(failures.get(1)).hasMessage(failures.get(0).getMessage());
    assertThat(reported).isEmpty();
  }

  /** Hangs in one of its all-reduces, as a GPU does. */
  private static final class Hanging extends ForwardingCollective {

    private final int at;
    private int operations;

    Hanging(Collective nccl, int at) {
      super(nccl);
      this.at = at;
    }

    @Override
    public void allReduce(ByteBuffer values, Precision precision) {
      if (operations++ == at) {
        values.duplicate().order(ByteOrder.nativeOrder()).putInt(0, HANG);
      }
      super.allReduce(values, precision);
    }
  }

  @Test
  void aGpuThatHangsEndsTheTrainingAndNothingOfItsSumsIsKept() {
    List<Collective> group = group(Duration.ofMillis(1500));
    // The fourth step: a state is due after it.
    group.set(1, new Hanging(group.get(1), 3));
    Throwable failure = catchThrowable(() -> run(false).dealt(group, settings(false), FEW, MANY));
    assertThat(failure)
        .cause()
        .isInstanceOf(CollectiveException.class)
        .hasMessageMatching("Rank \\d of 2, waited 1500 ms for the others in allReduce; .*");
    assertThat(kept).containsExactly(2L, 2L);
    assertThat(reported).isEmpty();
  }
}
