package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.sparkfocal.calibration.Calibrated;
import io.sparkfocal.calibration.CalibrationGoal;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.calibration.ThresholdTuning;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.data.FeaturePlan;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.testing.Ranks;
import io.sparkfocal.train.AdamW;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.FusedKernels;
import io.sparkfocal.train.LearningRateSchedule;
import io.sparkfocal.train.LossScale;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.Shuffle;
import io.sparkfocal.train.TrainingOutcome;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class RankCalibrationTest {

  private static final int FEATURES = 4;
  private static final String OUT_OF_MEMORY = "CUDA out of memory. Tried to allocate 2.00 GiB";

  private static NetworkDescription network(int outputs) {
    return new NetworkDescription(
        MlpNetwork.class.getName(),
        MlpNetwork.arguments(new int[] {6}, 0, true),
        FEATURES,
        outputs);
  }

  private static TrainingPlan plan(int classes, int outputs, String tuning, DataType precision) {
    long[] counts = new long[classes];
    Arrays.fill(counts, 1);
    TrainingSettings settings =
        new TrainingSettings(
            1,
            10,
            0.1,
            new AdamW(0),
            LearningRateSchedule.CONSTANT,
            0,
            0,
            1,
            1,
            ValidationMetric.of("loss"),
            0,
            precision);
    return new TrainingPlan(
        "run",
        1,
        3,
        null,
        classes,
        0,
        false,
        FeaturePlan.numbers(false),
        network(outputs),
        new float[0],
        new LossSpec("crossEntropy", Map.of(), counts, new float[0], 0, Reduction.MEAN),
        settings,
        new CalibrationGoal(LogitLink.plain(outputs == 1), true, ThresholdTuning.parse(tuning)),
        DeviceChoice.CPU,
        null,
        JobSettings.of(new SparkConf(false).set("spark.focal.collective.timeout", "3s")),
        null,
        null,
        null);
  }

  /** Rows that depend on their number alone. */
  private static Batch rows(NDManager manager, int classes, int... numbers) {
    float[] features = new float[numbers.length * FEATURES];
    long[] labels = new long[numbers.length];
    float[] weights = new float[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      Random random = new Random(numbers[i]);
      labels[i] = random.nextInt(4) == 0 ? random.nextInt(classes) : 0;
      for (int f = 0; f < FEATURES; f++) {
        features[FEATURES * i + f] = (float) (random.nextGaussian() + labels[i] * (f % 2));
      }
      weights[i] = 0.5f + random.nextFloat();
    }
    return new Batch(
        manager.create(features, new Shape(numbers.length, FEATURES)),
        manager.create(labels, new Shape(numbers.length)),
        manager.create(weights, new Shape(numbers.length)));
  }

  private static List<Calibrated> calibrated(
      TrainingPlan plan, int world, int count, int owners, UnaryOperator<Shard> ofRankOne) {
    LocalGroup group = LocalGroup.of(world, Duration.ofSeconds(3));
    List<Collective> ranks = IntStream.range(0, world).mapToObj(group::member).toList();
    try {
      return Ranks.run(ranks, c -> calibrated(plan, c, count, owners, ofRankOne));
    } finally {
      ranks.forEach(Collective::close);
    }
  }

  private static Calibrated calibrated(
      TrainingPlan plan,
      Collective collective,
      int count,
      int owners,
      UnaryOperator<Shard> ofRankOne) {
    int rank = collective.rank();
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = plan.network().build(Layers.forInference());
      FlatParameters parameters =
          FlatParameters.of(network, FEATURES, manager, 1, LossScale.of(plan.settings(), manager));
      Random random = new Random(4);
      float[] weights = parameters.values().toArray();
      for (int i = 0; i < weights.length; i++) {
        weights[i] += 0.3f * (float) Math.abs(random.nextGaussian());
      }
      Batch rows =
          rows(
              manager,
              plan.classes(),
              IntStream.range(0, count).filter(i -> i % owners == rank).toArray());
      Shard shard =
          FusedKernels.none().shard(rows, shuffle -> shuffle.order((int) rows.labels().size()));
      return new RankCalibration(
              plan,
              plan.network(),
              new RankName(rank, collective.world(), "h", "e" + rank, ""),
              rank == 1 ? ofRankOne.apply(shard) : shard,
              new TensorCollective(collective),
              () -> {},
              manager)
          .run(network, parameters, new TrainingOutcome(Floats.of(weights), List.of(), 1));
    }
  }

  private static void requireSame(Calibrated found, Calibrated expected, int rows) {
    assertThat(found.failure()).isNull();
    assertThat(found.temperature()).isCloseTo(expected.temperature(), within(1e-5));
    assertThat(found.thresholds()).containsExactly(expected.thresholds(), within(1e-5));
    assertThat(Objects.requireNonNull(found.report()).rows()).isEqualTo(rows);
    assertThat(found.report().negativeLogLikelihood())
        .isCloseTo(Objects.requireNonNull(expected.report()).negativeLogLikelihood(), within(1e-6));
  }

  @ParameterizedTest
  @CsvSource({"2, 1, recall=0.9", "2, 2, f1", "2, 2, recall=0.9", "5, 5, f1", "5, 5, recall=0.8"})
  void threeRanksOneOfThemEmptyFindWhatOneRankFinds(int classes, int outputs, String tuning) {
    TrainingPlan plan = plan(classes, outputs, tuning, DataType.FLOAT32);
    Calibrated alone = calibrated(plan, 1, 2000, 1, shard -> shard).get(0);
    assertThat(alone.temperature()).isNotEqualTo(1);
    for (Calibrated found : calibrated(plan, 3, 2000, 2, shard -> shard)) {
      requireSame(found, alone, 2000);
    }
  }

  @Test
  void aNetworkInFloat16IsCalibratedInFloat32AsTheModelScores() {
    Calibrated single =
        calibrated(plan(5, 5, "f1", DataType.FLOAT32), 1, 500, 1, shard -> shard).get(0);
    Calibrated half =
        calibrated(plan(5, 5, "f1", DataType.FLOAT16), 1, 500, 1, shard -> shard).get(0);
    requireSame(half, single, 500);
  }

  private record Watched(Shard shard, IntConsumer beforeBatch) implements Shard {

    @Override
    public long rows() {
      return shard.rows();
    }

    @Override
    public Batches ordered() {
      Batches batches = shard.ordered();
      return new Batches() {
        @Override
        public Batch next(int rows) {
          beforeBatch.accept(rows);
          return batches.next(rows);
        }

        @Override
        public void skip(long rows) {
          batches.skip(rows);
        }

        @Override
        public void close() {
          batches.close();
        }
      };
    }

    @Override
    public Batches shuffled(Shuffle shuffle) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      shard.close();
    }
  }

  private static UnaryOperator<Shard> failing(int mostRows, String message) {
    return shard ->
        new Watched(
            shard,
            rows -> {
              if (rows > mostRows) {
                throw new EngineException(message);
              }
            });
  }

  @Test
  void aRankThatFailsEndsTheCalibrationAndNothingElse() {
    TrainingPlan plan = plan(5, 5, "f1", DataType.FLOAT32);
    List<Calibrated> found = calibrated(plan, 3, 2000, 3, failing(0, "It broke."));
    assertThat(found)
        .allSatisfy(
            calibrated -> {
              assertThat(calibrated.failure())
                  .isEqualTo("Rank 1 of 3, host h, executor e1: It broke.");
              assertThat(calibrated.report()).isNull();
              assertThat(calibrated.thresholds()).isNull();
              assertThat(calibrated.temperature()).isEqualTo(1);
            });
  }

  @Test
  void whereMemoryDoesNotSufficeBatchesAreHalved() {
    TrainingPlan plan = plan(5, 5, "recall=0.8", DataType.FLOAT32);
    Calibrated ample = calibrated(plan, 3, 2000, 3, shard -> shard).get(0);
    for (Calibrated tight : calibrated(plan, 3, 2000, 3, failing(50, OUT_OF_MEMORY))) {
      requireSame(tight, ample, 2000);
    }
  }

  /** Ranks wait three seconds for each other. */
  @Test
  void ranksWithoutRowsWaitForOneThatIsSlow() {
    TrainingPlan plan = plan(2, 2, "none", DataType.FLOAT32);
    UnaryOperator<Shard> slow =
        shard ->
            new Watched(
                shard,
                rows -> {
                  try {
                    Thread.sleep(1200);
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                });
    for (Calibrated found : calibrated(plan, 2, 60_000, 2, slow)) {
      assertThat(found.failure()).isNull();
      assertThat(Objects.requireNonNull(found.report()).rows()).isEqualTo(60_000);
    }
  }
}
