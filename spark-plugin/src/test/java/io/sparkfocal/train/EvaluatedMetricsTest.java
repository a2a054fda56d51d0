package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.testing.ExactMetrics;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Metrics that an evaluation computes beside loss, macro recall and accuracy. */
@Timeout(180)
class EvaluatedMetricsTest {

  private static final int ROWS = 3000;
  private static final int FEATURES = 5;

  /** Where the rows of three ranks begin and end; the second has none. */
  private static final int[][] SHARES = {{0, 700}, {700, 700}, {700, ROWS}};

  private record Table(float[] features, long[] labels, float[] weights) {

    /** Of five classes the fourth has no rows, and the last only such as weigh nothing. */
    static Table of(int classes, boolean weighted) {
      Random random = new Random(3);
      float[] features = new float[ROWS * FEATURES];
      long[] labels = new long[ROWS];
      float[] weights = new float[ROWS];
      for (int row = 0; row < ROWS; row++) {
        int label = (int) (classes * Math.pow(random.nextDouble(), 3));
        labels[row] = label == 3 ? 0 : label;
        weights[row] = weighted ? (float) (random.nextInt(8) * 0.37) : 1;
        if (label == 4) {
          weights[row] = 0;
        }
        for (int f = 0; f < FEATURES; f++) {
          features[row * FEATURES + f] =
              (float) random.nextGaussian() + (f == labels[row] ? 0.8f : 0);
        }
      }
      return new Table(features, labels, weights);
    }

    Batch batch(NDManager manager, int from, int to) {
      return new Batch(
          manager
              .create(Arrays.copyOfRange(features, from * FEATURES, to * FEATURES))
              .reshape(to - from, FEATURES),
          manager.create(Arrays.copyOfRange(labels, from, to)),
          manager.create(Arrays.copyOfRange(weights, from, to)));
    }
  }

  /**
   * How logits are made and read.
   *
   * @param classes of the labels
   */
  private record Setup(ClassificationLoss loss, int classes, LogitLink link) {

    static Setup of(String loss, int classes, double... offsets) {
      ClassificationLoss made = LossCatalogue.make(loss, Map.of(), new long[classes]);
      return new Setup(made, classes, new LogitLink(made.isSigmoid(), 1, offsets));
    }

    Block network() {
      return Linear.builder().setUnits(loss.outputs(classes)).build();
    }

    FlatParameters parameters(Block network, NDManager manager) {
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 5);
      // As of a network that was trained, on features that show the class.
      Random random = new Random(8);
      float[] values = new float[(int) parameters.all().size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      parameters.set(Floats.of(values));
      return parameters;
    }

    Evaluation evaluated(Collective rank, ValidationMetric metric, Table table, int[] share) {
      try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
        return evaluated(
            rank, metric, table, share, loss.prepare(manager, DataType.FLOAT32), manager);
      }
    }

    Evaluation evaluated(
        Collective rank,
        ValidationMetric metric,
        Table table,
        int[] share,
        LossKernel kernel,
        NDManager manager) {
      Block network = network();
      Evaluator evaluator =
          new Evaluator(
              network,
              parameters(network, manager),
              kernel,
              StepSums.couplesRows(loss),
              Reduction.MEAN,
              new TensorCollective(rank),
              manager,
              classes,
              link,
              metric,
              Duration.ofSeconds(5));
      Shard shard =
          new TensorShard(
              table.batch(manager, share[0], share[1]), shuffle -> new int[0], Gather::composed);
      return Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
    }

    /** By the probabilities of the model's column. */
    double exact(ValidationMetric metric, Table table) {
      List<ExactMetrics.Row> rows = new ArrayList<>();
      try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
        Block network = network();
        parameters(network, manager);
        NDArray logits =
            network
                .forward(
                    new ParameterStore(manager, false),
                    new NDList(table.batch(manager, 0, ROWS).features()),
                    false)
                .singletonOrThrow();
        int outputs = loss.outputs(classes);
        float[] values = logits.toFloatArray();
        for (int row = 0; row < ROWS; row++) {
          double[] p = LogitLink.probabilities(link.raw(values, row * outputs, outputs), outputs);
          rows.add(new ExactMetrics.Row((int) table.labels[row], table.weights[row], p));
        }
      }
      return ExactMetrics.of(metric.label(), rows);
    }
  }

  private static Collective solo() {
    return LocalGroup.of(1, Duration.ofSeconds(30)).member(0);
  }

  private static List<Evaluation> onThree(Setup setup, ValidationMetric metric, Table table) {
    LocalGroup group = LocalGroup.of(3, Duration.ofSeconds(30));
    List<Collective> ranks = IntStream.range(0, 3).mapToObj(group::member).toList();
    try {
      return Ranks.run(ranks, c -> setup.evaluated(c, metric, table, SHARES[c.rank()]));
    } finally {
      ranks.forEach(Collective::close);
    }
  }

  private static void requireExact(Setup setup, ValidationMetric metric, Table table) {
    Evaluation one = setup.evaluated(solo(), metric, table, new int[] {0, ROWS});
    double exact = setup.exact(metric, table);
    assertThat(exact).isBetween(0.05, 5.0);
    assertThat(one.metric()).isCloseTo(exact, within(1e-3));
    List<Evaluation> three = onThree(setup, metric, table);
    assertThat(three).containsOnly(three.get(0));
    assertThat(three.get(0).metric()).isCloseTo(one.metric(), within(1e-6));
    assertThat(three.get(0).accuracy()).isEqualTo(one.accuracy());
  }

  @ParameterizedTest
  @EnumSource(names = {"MACRO_F1", "LOG_LOSS", "PR_AUC", "AUC"})
  void eachIsThatOfTheRowsOfAllRanksWhateverTheirNumber(ValidationMetric metric) {
    for (boolean weighted : new boolean[] {false, true}) {
      requireExact(Setup.of("focal", 2), metric, Table.of(2, weighted));
      requireExact(Setup.of("focal", 2, 0.5, -0.5), metric, Table.of(2, weighted));
      requireExact(Setup.of("sigmoidFocal", 2), metric, Table.of(2, weighted));
      requireExact(Setup.of("sigmoidFocal", 2, -1.5), metric, Table.of(2, weighted));
      requireExact(Setup.of("crossEntropy", 5), metric, Table.of(5, weighted));
      requireExact(Setup.of("crossEntropy", 5, 0, 1, 2, 3, 1), metric, Table.of(5, weighted));
      requireExact(Setup.of("sigmoidFocal", 3, 0.5, 0, -1), metric, Table.of(3, weighted));
      requireExact(Setup.of("dice", 3), metric, Table.of(3, weighted));
    }
  }

  /** What fails between the rows of a batch and their sums must not count them twice. */
  @ParameterizedTest
  @EnumSource(ValidationMetric.class)
  void rowsThatAreTakenAgainForWantOfMemoryCountOnce(ValidationMetric metric) {
    Setup setup = Setup.of("crossEntropy", 3);
    Table table = Table.of(3, true);
    int[] all = {0, ROWS};
    Evaluation ample = setup.evaluated(solo(), metric, table, all);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      LossKernel kernel = setup.loss.prepare(manager, DataType.FLOAT32);
      LossKernel hungry =
          (logits, labels) -> {
            if (labels.size() > 500) {
              throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
            }
            return kernel.evaluate(logits, labels);
          };
      Evaluation tight = setup.evaluated(solo(), metric, table, all, hungry, manager);
      assertThat(tight.metric()).isCloseTo(ample.metric(), within(1e-6));
      assertThat(tight.accuracy()).isEqualTo(ample.accuracy());
    }
  }

  @Test
  void areasOfManyClassesAreMeasuredToo() {
    Setup setup = Setup.of("crossEntropy", 1000);
    Table table = Table.of(1000, false);
    for (ValidationMetric metric : List.of(ValidationMetric.PR_AUC, ValidationMetric.AUC)) {
      double found = setup.evaluated(solo(), metric, table, new int[] {0, ROWS}).metric();
      assertThat(found).isCloseTo(setup.exact(metric, table), within(1e-3));
    }
  }

  @ParameterizedTest
  @CsvSource({"MACRO_F1, 0", "LOG_LOSS, NaN", "PR_AUC, NaN", "AUC, NaN"})
  void withoutRowsThereIsNoValue(ValidationMetric metric, double expected) {
    Setup setup = Setup.of("crossEntropy", 2);
    Evaluation none = setup.evaluated(solo(), metric, Table.of(2, false), new int[] {0, 0});
    assertThat(Double.valueOf(none.metric())).isEqualTo(Double.valueOf(expected));
  }
}
