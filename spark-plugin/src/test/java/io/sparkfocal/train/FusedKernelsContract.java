package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.RowLosses;
import io.sparkfocal.losses.SigmoidFocalLoss;
import io.sparkfocal.network.CounterRandom;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is asked of the kernels, on a GPU or a stand-in for one. */
@Timeout(180)
abstract class FusedKernelsContract {

  private static final int GPU = 0;

  /** Where the tensors are; its GPU has number 0. */
  protected abstract Device device();

  static FusedFocal fused(
      ClassificationLoss loss, int classes, DataType dataType, NDManager manager) {
    LossKernel floats = loss.prepare(manager, DataType.FLOAT32);
    LossScale scale = dataType == DataType.FLOAT16 ? new LossScale(4096, manager) : null;
    LossKernel composed = scale == null ? floats : new ScaledLoss(floats, scale);
    FusedFocal fused = FusedFocal.of(loss, composed, GPU, loss.outputs(classes), scale, manager);
    assertThat(fused).isNotNull();
    return fused;
  }

  private static float[] alphas(int classes) {
    float[] alphas = new float[classes];
    for (int i = 0; i < classes; i++) {
      alphas[i] = 0.5f + i % 7;
    }
    return alphas;
  }

  static Stream<Arguments> losses() {
    FocalLoss plain = FocalLoss.builder().build();
    return Stream.of(
        Arguments.of("two classes", plain, 2),
        Arguments.of("three classes", plain, 3),
        Arguments.of("gamma 0", FocalLoss.builder().optGamma(0).build(), 5),
        Arguments.of("gamma 1.5", FocalLoss.builder().optGamma(1.5f).build(), 17),
        Arguments.of("gamma 0.5", FocalLoss.builder().optGamma(0.5f).build(), 33),
        Arguments.of("one alpha", FocalLoss.builder().optAlpha(0.25f).build(), 32),
        Arguments.of("alphas", FocalLoss.builder().optAlpha(alphas(100)).build(), 100),
        Arguments.of("a rare class", FocalLoss.builder().optAlpha(0.5f, 300).build(), 2),
        Arguments.of("a wide row", plain, 1000),
        Arguments.of("a row that registers do not hold", plain, 2500),
        Arguments.of("sigmoid of one logit", SigmoidFocalLoss.builder().build(), 2),
        Arguments.of("sigmoid of three", SigmoidFocalLoss.builder().optGamma(1.5f).build(), 3),
        Arguments.of("sigmoid of many", SigmoidFocalLoss.builder().optAlpha(0.9f).build(), 80));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("losses")
  void focalLossInOneLaunchIsThatOfPytorchsOperations(
      String name, ClassificationLoss loss, int classes) {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      assertThat(fused(loss, classes, DataType.FLOAT32, manager).differenceFromComposed(manager))
          .as(name)
          .isLessThan(1e-5);
      // Logits and gradients of half precision have 11 bits.
      assertThat(fused(loss, classes, DataType.FLOAT16, manager).differenceFromComposed(manager))
          .as(name)
          .isLessThan(2e-3);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("losses")
  void extremeLogitsStayFiniteAndExact(String name, ClassificationLoss loss, int classes) {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      int outputs = loss.outputs(classes);
      float[] extremes = {-1e30f, -200, -30, 0, 1e-6f, 30, 200, 1e30f};
      float[] values = new float[8 * outputs];
      for (int i = 0; i < values.length; i++) {
        values[i] = extremes[(i * 5 + i / outputs) % extremes.length];
      }
      NDArray logits = manager.create(values, new Shape(8, outputs));
      NDArray labels = manager.create(new long[] {0, 1, 0, 1, 0, 1, 0, 1});
      RowLosses expected = loss.prepare(manager, DataType.FLOAT32).evaluate(logits, labels);
      RowLosses rows = fused(loss, classes, DataType.FLOAT32, manager).evaluate(logits, labels);
      float[] gradients = expected.gradients().toFloatArray();
      float[] actual = rows.gradients().toFloatArray();
      for (int i = 0; i < gradients.length; i++) {
        assertThat(actual[i])
            .as("%s, gradient %d", name, i)
            .isCloseTo(gradients[i], Offset.offset(1e-6f + 1e-5f * Math.abs(gradients[i])));
      }
      float[] losses = expected.values().toFloatArray();
      float[] actualLosses = rows.values().toFloatArray();
      for (int i = 0; i < losses.length; i++) {
        assertThat(actualLosses[i])
            .as("%s, value %d", name, i)
            .isFinite()
            .isCloseTo(losses[i], Offset.offset(1e-6f + 1e-5f * Math.abs(losses[i])));
      }
    }
  }

  @Test
  void sumsOfMoreBlocksThanABlockHasThreadsAreThoseOfPytorchsOperations() {
    int count = 70_000;
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      FusedFocal fused = fused(SigmoidFocalLoss.builder().build(), 2, DataType.FLOAT32, manager);
      LossKernel composed = SigmoidFocalLoss.builder().build().prepare(manager, DataType.FLOAT32);
      NDArray logits = manager.arange((float) count).mul(0.37f).sin().mul(5).reshape(count, 1);
      NDArray labels = manager.arange(count).mod(2).toType(DataType.INT64, false);
      NDArray weights = manager.arange((float) count).mod(7).add(0.5f);
      float[] expected =
          composed.evaluate(logits, labels, weights, Reduction.MEAN).sums().toFloatArray();
      for (int time = 0; time < 2; time++) {
        float[] sums =
            fused.evaluate(logits, labels, weights, Reduction.MEAN).sums().toFloatArray();
        assertThat(sums[0]).isCloseTo(expected[0], Offset.offset(1e-5f * expected[0]));
        assertThat(sums[1]).isCloseTo(expected[1], Offset.offset(1e-5f * expected[1]));
      }
    }
  }

  @Test
  void aLabelOutOfRangeMakesItsRowNaNAndNoOther() {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      for (ClassificationLoss loss :
          new ClassificationLoss[] {
            FocalLoss.builder().optAlpha(1, 2, 3).build(), SigmoidFocalLoss.builder().build()
          }) {
        FusedFocal fused = fused(loss, 3, DataType.FLOAT32, manager);
        NDArray logits = manager.ones(new Shape(4, 3));
        float[] values =
            fused
                .evaluate(logits, manager.create(new long[] {0, 3, -1, 2}))
                .values()
                .toFloatArray();
        assertThat(
                new boolean[] {
                  Float.isNaN(values[0]),
                  Float.isNaN(values[1]),
                  Float.isNaN(values[2]),
                  Float.isNaN(values[3])
                })
            .containsExactly(false, true, true, false);
      }
    }
  }

  @Test
  void whatTheKernelDoesNotTakeGoesToPytorchsOperations() {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      FusedFocal fused = fused(SigmoidFocalLoss.builder().build(), 3, DataType.FLOAT32, manager);
      LossKernel composed = SigmoidFocalLoss.builder().build().prepare(manager, DataType.FLOAT32);
      NDArray logits = manager.arange(12f).reshape(3, 4).sin().transpose();
      NDArray targets = manager.ones(logits.getShape());
      NDArray labels = manager.create(new long[] {0, 1, 2, 0});
      for (NDArray truth : new NDArray[] {targets, labels}) {
        assertThat(fused.evaluate(logits, truth).gradients().toFloatArray())
            .containsExactly(composed.evaluate(logits, truth).gradients().toFloatArray());
      }
      assertThat(
              fused
                  .evaluate(manager.zeros(new Shape(0, 3)), manager.create(new long[0]))
                  .values()
                  .size())
          .isZero();
    }
  }

  @Test
  void adamWInOnePassIsThatOfTheHost() {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      for (boolean inHalf : new boolean[] {false, true}) {
        assertThat(FusedAdamW.differenceFromHost(GPU, new AdamW(0.01), inHalf, manager))
            .isLessThan(1e-6);
      }
    }
  }

  @Test
  void adamWInOnePassKeepsTheLossScale() {
    TensorCollective alone = new TensorCollective(new SoloCollective());
    for (double clipNorm : new double[] {0, 0.5}) {
      LossScaleCheck.check(
          device(),
          (parameters, manager) ->
              new FusedAdamW(
                  GPU,
                  parameters.trained(),
                  parameters.gradients(),
                  parameters.half(),
                  new AdamW(0.01),
                  clipNorm,
                  alone,
                  manager));
    }
  }

  @Test
  void trainingInFloat16WithKernelsIsThatWithout() {
    TrainingSettings settings =
        TrainingRun.half(TrainingRun.settings(6, 30, new AdamW(0.01), 0.01));
    TrainingRun run = new TrainingRun(90).device(device()).dropout(0.2).validateOn(0, 1, 2);
    Trained composed = run.alone(settings);
    Trained fused = run.kernels(() -> FusedKernels.onGpu(GPU)).alone(settings);
    // Gradients are rounded to 11 bits, in an order of their own.
    assertThat(fused.weights()).containsExactly(composed.weights(), Offset.offset(2e-3f));
    assertThat(fused.epochs().get(5).trainingLoss())
        .isCloseTo(composed.epochs().get(5).trainingLoss(), Offset.offset(1e-4));
  }

  @Test
  void masksOfDropoutHaveTheBitsOfTheHosts() {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      FusedDropout fused = new FusedDropout(GPU);
      assertThat(fused.agreesWithHost(manager)).isTrue();
      assertThat(fused.of(manager, new Shape(0, 5), CounterRandom.keyed(1), 0.5).size()).isZero();
      assertThat(FusedKernels.onGpu(GPU).dropoutMask(manager)).isInstanceOf(FusedDropout.class);
      assertThat(FusedKernels.onGpu(1000).dropoutMask(manager)).isNotInstanceOf(FusedDropout.class);
    }
  }

  @Test
  void batchesAreThoseOfPytorchsOperations() {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      assertThat(FusedGather.agreesWithComposed(GPU, manager)).isTrue();
      NDArray order = manager.create(new long[] {2, 0});
      Batch all =
          new Batch(
              manager.arange(12f).reshape(3, 4),
              manager.create(new long[] {5, 6, 7}),
              manager.arange(3f));
      assertThat(FusedGather.on(GPU).of(all, order)).isInstanceOf(FusedGather.class);
      assertThat(FusedGather.on(GPU).of(all, order).rows(1, 0).features().getShape())
          .isEqualTo(new Shape(0, 4));
      Batch transposed =
          new Batch(all.features().reshape(4, 3).transpose(), all.labels(), all.weights());
      Gather composed = FusedGather.on(GPU).of(transposed, order);
      assertThat(composed).isNotInstanceOf(FusedGather.class);
      assertThat(composed.rows(0, 1).features().toFloatArray()).containsExactly(2, 5, 8, 11);
    }
  }

  @Test
  void theDoctorTriesThem() {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      assertThat(FusedKernels.tried(0, manager))
          .matches(
              "focal loss and AdamW are PyTorch's to \\d[.]\\d+E-\\d+, in float16 to [\\dE.-]+");
    }
  }

  @Test
  void trainingWithKernelsGivesTheWeightsOfTrainingWithout() {
    int[] few = IntStream.range(0, 20).toArray();
    int[] many = IntStream.range(20, 90).toArray();
    LossSpec focal =
        new LossSpec(
            "focal",
            Map.of("gamma", 2.0),
            new long[] {4, 2, 1},
            new float[] {0.5f, 1, 4},
            0.5,
            Reduction.WEIGHTED_MEAN);
    TrainingSettings plain = TrainingRun.settings(6, 30, new AdamW(0.01), 0.01);
    TrainingSettings settings =
        new TrainingSettings(
            6,
            30,
            0.01,
            plain.optimizer(),
            plain.schedule(),
            0.1,
            0.5,
            3,
            1,
            ValidationMetric.LOSS,
            0,
            DataType.FLOAT32);
    TrainingRun run =
        new TrainingRun(90).device(device()).dropout(0.2).loss(focal).validateOn(0, 1, 2);
    Trained composed = run.dealt(settings, few, many).get(0);
    Trained fused = run.kernels(() -> FusedKernels.onGpu(GPU)).dealt(settings, few, many).get(0);
    assertThat(fused.weights()).containsExactly(composed.weights(), Offset.offset(1e-5f));
    assertThat(fused.epochs().get(5).trainingLoss())
        .isCloseTo(composed.epochs().get(5).trainingLoss(), Offset.offset(1e-6));
  }

  @Test
  void aKernelThatCannotBeMadeIsNotUsed() {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      FusedKernels kernels = FusedKernels.onGpu(1000);
      FocalLoss focal = FocalLoss.builder().build();
      assertThat(kernels.loss(focal, l -> l.prepare(manager, DataType.FLOAT32), 3, null, manager))
          .isNotInstanceOf(FusedFocal.class);
      assertThat(
              FusedKernels.onGpu(GPU)
                  .loss(focal, l -> l.prepare(manager, DataType.FLOAT32), 3, null, manager))
          .isInstanceOf(FusedFocal.class);
      assertThat(
              FusedKernels.onGpu(GPU)
                  .loss(
                      CrossEntropyLoss.builder().build(),
                      l -> l.prepare(manager, DataType.FLOAT32),
                      3,
                      null,
                      manager))
          .isNotInstanceOf(FusedFocal.class);
    }
  }
}
