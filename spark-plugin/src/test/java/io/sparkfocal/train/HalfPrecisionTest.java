package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.BatchLoss;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.RowLosses;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training in float16, on the CPU. */
@Timeout(180)
class HalfPrecisionTest {

  private static final int ROWS = 300;
  private static final int[] NONE = {};
  private static final int[] FEW = IntStream.range(60, 130).toArray();
  private static final int[] MANY = IntStream.range(130, ROWS).toArray();

  private static TrainingRun run() {
    return new TrainingRun(ROWS).validateOn(IntStream.range(0, 60).toArray());
  }

  @ParameterizedTest
  @CsvSource({"adamW, false, 0", "adamW, true, 0.2", "sgd, false, 0.2", "sgd, true, 0"})
  void theOutcomeIsNearlyThatOfFloat32(String optimizer, boolean batchNorm, double dropout) {
    boolean sgd = optimizer.equals("sgd");
    TrainingSettings settings =
        TrainingRun.settings(
            12, 32, sgd ? new Sgd(0.9, 1e-3) : new AdamW(0.01), sgd ? 0.05 : 0.005);
    TrainingRun run = run().batchNorm(batchNorm).dropout(dropout);
    Trained floats = run.dealt(settings, FEW, NONE, MANY).get(0);
    List<Trained> halves = run.dealt(TrainingRun.half(settings), FEW, NONE, MANY);

    for (Trained rank : halves) {
      assertThat(rank.weights()).isEqualTo(halves.get(0).weights());
    }
    assertThat(halves.get(0).weights())
        .isNotEqualTo(floats.weights())
        .hasSameSizeAs(floats.weights());
    EpochReport expected = floats.epochs().get(11);
    EpochReport actual = halves.get(0).epochs().get(11);
    assertThat(expected.trainingLoss()).isLessThan(floats.epochs().get(0).trainingLoss() / 1.5);
    assertThat(actual.trainingLoss())
        .isCloseTo(expected.trainingLoss(), Offset.offset(0.03 * expected.trainingLoss()));
    assertThat(actual.validation().loss())
        .isCloseTo(
            expected.validation().loss(), Offset.offset(0.03 * expected.validation().loss()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneRankAloneIsNearThemToo(boolean batchNorm) {
    TrainingSettings settings = TrainingRun.settings(5, 64, new AdamW(0.01), 0.005);
    TrainingRun run = run().batchNorm(batchNorm);
    double floats = run.alone(settings).epochs().get(4).trainingLoss();
    double halves = run.alone(TrainingRun.half(settings)).epochs().get(4).trainingLoss();
    assertThat(halves).isCloseTo(floats, Offset.offset(0.02 * floats));
  }

  @Test
  void weightsAreKeptInFloat32() {
    TrainingSettings settings = TrainingRun.half(TrainingRun.settings(3, 32, new Sgd(0, 0), 1e-5));
    float[] before =
        run().alone(TrainingRun.half(TrainingRun.settings(1, 32, new Sgd(0, 0), 1e-30))).weights();
    float[] after = run().alone(settings).weights();
    // Steps of 1e-5 by gradients of about 0.1 would be lost beside a weight in float16.
    double moved = 0;
    for (int i = 0; i < after.length; i++) {
      moved = Math.max(moved, Math.abs(after[i] - before[i]));
    }
    assertThat(moved).isBetween(1e-6, 1e-3);
  }

  @Test
  void smallGradientsDoNotVanish() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      LossKernel floats = FocalLoss.builder().build().prepare(manager, DataType.FLOAT32);
      NDArray logits = manager.create(new float[][] {{7.5f, 0}}).toType(DataType.FLOAT16, false);
      NDArray labels = manager.create(new long[] {0});
      // 5e-10, where the smallest number of float16 is 6e-8.
      float exact =
          floats
              .evaluate(logits.toType(DataType.FLOAT32, false), labels, null, Reduction.SUM)
              .gradients()
              .toFloatArray()[1];
      for (float factor : new float[] {1, 65_536}) {
        BatchLoss scaled =
            new ScaledLoss(floats, new LossScale(factor, manager))
                .evaluate(logits, labels, null, Reduction.SUM);
        assertThat(scaled.gradients().getDataType()).isEqualTo(DataType.FLOAT16);
        assertThat(scaled.gradients().toType(DataType.FLOAT32, true).toFloatArray()[1] / factor)
            .isCloseTo(factor == 1 ? 0 : exact, Offset.offset(0.01f * exact));
        assertThat(scaled.sums().getDataType()).isEqualTo(DataType.FLOAT32);
      }
    }
  }

  @Test
  void gradientsBeyondFloat16AreMetByASmallerLossScale() {
    // The gradient of the first layer's weights: 20,000 for a row that is taken for another class,
    // by
    // the loss scale.
    TrainingRun run = run();
    for (int label = 0; label < TrainingRun.CLASSES; label++) {
      run.feature(200 + label, 20_000).label(200 + label, label);
    }
    TrainingSettings settings = TrainingRun.half(TrainingRun.settings(3, 32, new Sgd(0, 0), 1e-6));
    List<Float> factors = new ArrayList<>();
    Trained outcome =
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
                    factors.add(state.optimizer().moments().get("lossScale").toArray()[0]);
                  }

                  @Override
                  public void epochCompleted(EpochReport report) {}
                })
            .alone(settings);
    assertThat(factors).contains(2048f);
    assertThat(factors.get(factors.size() - 1)).isBetween(1f, 1024f);
    assertThat(outcome.epochs().get(2).trainingLoss()).isFinite().isPositive();
  }

  /** One step without a finite loss is told, though its gradients are left out. */
  @Test
  void aFeatureBeyondFloat16EndsTheTrainingWithWhatToChange() {
    TrainingRun run = run().feature(200, 1e6f);
    TrainingSettings settings =
        TrainingRun.half(TrainingRun.settings(20, 32, new AdamW(0.01), 0.01));
    assertThatThrownBy(() -> run.alone(settings))
        .hasStackTraceContaining("The training loss became NaN in epoch 1, by step ")
        .hasStackTraceContaining("or set precision to float32.");
  }

  /** Cross entropy with gradients that nothing makes finite. */
  public static final class SteepLoss implements ClassificationLoss {

    @Override
    public LossKernel prepare(NDManager manager, DataType dataType) {
      LossKernel kernel = CrossEntropyLoss.builder().build().prepare(manager, dataType);
      return (logits, labels) -> {
        RowLosses rows = kernel.evaluate(logits, labels);
        NDArray steep = rows.gradients().mul(Float.POSITIVE_INFINITY);
        return new RowLosses(rows.values(), steep, rows.weights());
      };
    }
  }

  @Test
  void gradientsThatStayNotFiniteEndTheTrainingWithWhatToChange() {
    TrainingRun run =
        run()
            .loss(
                new LossSpec(
                    SteepLoss.class.getName(),
                    Map.of(),
                    new long[] {4, 2, 1},
                    new float[0],
                    0,
                    Reduction.MEAN));
    TrainingSettings settings =
        TrainingRun.half(TrainingRun.settings(20, 32, new AdamW(0.01), 0.01));
    assertThatThrownBy(() -> run.alone(settings))
        .hasStackTraceContaining(
            "The gradients in float16 stayed not finite, however small the loss scale, in epoch")
        .hasStackTraceContaining("set gradientClipNorm (now 0.0) or set precision to float32.");
  }

  @Test
  void theLossScaleBeginsAsPytorchsByTheRowsOfAStep() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TrainingSettings floats = TrainingRun.settings(1, 300, new AdamW(0), 0.1);
      assertThat(LossScale.of(floats, manager)).isNull();
      assertThat(LossScale.of(TrainingRun.half(floats), manager).read()).isEqualTo(128);
      TrainingSettings many = TrainingRun.settings(1, 1 << 20, new AdamW(0), 0.1);
      assertThat(LossScale.of(TrainingRun.half(many), manager).read()).isEqualTo(1);
    }
  }
}
