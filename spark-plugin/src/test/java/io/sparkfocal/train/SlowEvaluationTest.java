package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SlowEvaluationTest {

  private static final int FEATURES = 2;
  private static final int CLASSES = 3;
  private static final int ROWS = 41_000;
  private static final long BATCH_MILLIS = 1500;

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Evaluation evaluated(Collective rank, int rows, Runnable beforeBatch) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network =
          new MlpNetwork()
              .create(
                  FEATURES,
                  CLASSES,
                  MlpNetwork.arguments(new int[] {4}, 0, false),
                  Layers.forInference());
      Batch all =
          new Batch(
              manager.arange((float) rows * FEATURES).sin().reshape(rows, FEATURES),
              manager.arange(rows).mod(CLASSES).toType(DataType.INT64, false),
              manager.arange((float) rows).cos().add(2));
      Evaluator evaluator =
          new Evaluator(
              network,
              FlatParameters.of(network, FEATURES, manager, 5),
              CrossEntropyLoss.builder().build().prepare(manager, DataType.FLOAT32),
              false,
              Reduction.MEAN,
              new TensorCollective(rank),
              manager,
              CLASSES,
              LogitLink.plain(false),
              ValidationMetric.LOSS,
              Duration.ZERO);
      return evaluator.evaluate(
          new TensorShard(all, shuffle -> new int[0], Gather::composed), beforeBatch);
    }
  }

  /** Validation rows of the last days, at the end of a table: one rank has them all. */
  @Test
  void ranksWithoutRowsWaitForOneThatMakesProgressLongerThanForAnythingElse() {
    LocalGroup group = LocalGroup.of(3, Duration.ofMillis(3 * BATCH_MILLIS));
    List<Collective> ranks = IntStream.range(0, 3).mapToObj(group::member).toList();
    // Six batches.
    List<Evaluation> found =
        Ranks.run(
            ranks,
            c ->
                c.rank() == 1
                    ? evaluated(c, ROWS, () -> pause(BATCH_MILLIS))
                    : evaluated(c, 0, () -> {}));
    ranks.forEach(Collective::close);
    Collective solo = LocalGroup.of(1, Duration.ofSeconds(30)).member(0);
    assertThat(found).containsOnly(evaluated(solo, ROWS, () -> {}));
  }

  @Test
  void ranksWithRowsOfTheirOwnAddUpWhoeverIsFirst() {
    LocalGroup group = LocalGroup.of(3, Duration.ofSeconds(30));
    List<Collective> ranks = IntStream.range(0, 3).mapToObj(group::member).toList();
    int[] rows = {20_000, 0, 9_000};
    List<Evaluation> found = Ranks.run(ranks, c -> evaluated(c, rows[c.rank()], () -> {}));
    ranks.forEach(Collective::close);
    assertThat(found).containsOnly(found.get(0));
    Collective solo = LocalGroup.of(1, Duration.ofSeconds(30)).member(0);
    double first = evaluated(solo, rows[0], () -> {}).accuracy() * rows[0];
    double last = evaluated(solo, rows[2], () -> {}).accuracy() * rows[2];
    assertThat(found.get(0).accuracy()).isEqualTo((first + last) / (rows[0] + rows[2]));
  }
}
