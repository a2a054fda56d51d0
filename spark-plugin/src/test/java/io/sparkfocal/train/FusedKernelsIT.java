package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossContract;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.SigmoidFocalLoss;
import io.sparkfocal.testing.CudaStandIn;
import io.sparkfocal.testing.LogLines;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernels themselves, compiled for the host, launched through the bindings of CUDA and NVRTC
 * over stand-ins for both.
 */
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class FusedKernelsIT extends FusedKernelsContract {

  private static final int CLASSES = 3;
  private static final int GPU = 0;
  private static final List<String> ALL_KERNELS =
      List.of("FusedFocal", "FusedAdamW", "FusedDropout");

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folders());
  }

  /** Of a stand-in, GPU g has 2 + g multiprocessors. */
  @ParameterizedTest
  @ValueSource(ints = {7, 40_000, 1_100_003})
  void theBitsOfAdamWDoNotDependOnTheNumberOfMultiprocessors(int size) {
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
      float[] first = clippedUpdates(0, size, manager);
      assertThat(clippedUpdates(1, size, manager)).isEqualTo(first);
      assertThat(clippedUpdates(5, size, manager)).isEqualTo(first);
    }
  }

  /** The norm of the gradient decides every weight. */
  private static float[] clippedUpdates(int gpu, int size, NDManager parent) {
    try (NDManager manager = parent.newSubManager()) {
      NDArray weights = manager.arange((float) size).mul(0.7f).sin();
      NDArray gradients = manager.zeros(new Shape(size + FlatParameters.TAIL));
      FusedAdamW update =
          new FusedAdamW(
              gpu,
              weights,
              gradients,
              null,
              new AdamW(0.01),
              1e-3,
              new TensorCollective(new SoloCollective()),
              manager);
      for (int step = 1; step <= 2; step++) {
        gradients.get("0:" + size).addi(manager.arange((float) size).mul(0.3f * step).cos());
        update.count(manager.create(new float[] {1, 3}));
        update.apply(0.01);
      }
      return weights.toFloatArray();
    }
  }

  /** What three ranks make, of which the last has those kernels, and by whose word. */
  private List<List<String>> madeByThree(FusedKernels ofTheLast) throws Exception {
    LossSpec focal =
        new LossSpec("focal", Map.of(), new long[] {4, 2, 1}, new float[0], 0, Reduction.MEAN);
    TrainingSettings settings = TrainingRun.settings(1, 8, new AdamW(0), 0.1);
    LocalGroup group = LocalGroup.of(3, Duration.ofSeconds(60));
    return Ranks.run(
        List.of(group.member(0), group.member(1), group.member(2)),
        collective -> {
          try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch")) {
            TensorCollective ranks = new TensorCollective(collective);
            FusedKernels kernels =
                (collective.rank() == 2 ? ofTheLast : FusedKernels.onGpu(GPU))
                    .agreed(ranks, focal, 3, settings, manager);
            Block network = Linear.builder().setUnits(3).build();
            FlatParameters parameters = FlatParameters.of(network, 2, manager, 1);
            return Stream.of(
                    kernels.loss(
                        focal.loss(), l -> l.prepare(manager, DataType.FLOAT32), 3, null, manager),
                    kernels.update(parameters, ranks, settings, manager),
                    kernels.dropoutMask(manager))
                .map(made -> made.getClass().getSimpleName())
                .filter(ALL_KERNELS::contains)
                .toList();
          }
        });
  }

  @Test
  void ranksUseTheKernelsThatAllOfThemCanUse() throws Exception {
    assertThat(madeByThree(FusedKernels.onGpu(GPU)))
        .containsExactly(ALL_KERNELS, ALL_KERNELS, ALL_KERNELS);
    try (LogLines log = new LogLines(FusedKernels.class.getName())) {
      assertThat(madeByThree(FusedKernels.onGpu(1000)))
          .containsExactly(List.of(), List.of(), List.of());
      String others =
          " does without a kernel of this library: rank 2 does without it, and all ranks compute alike";
      assertThat(log.lines())
          .filteredOn(line -> line.endsWith(others))
          .containsExactlyInAnyOrder(
              "Gather" + others,
              "Dropout" + others,
              "AdamW" + others,
              "FocalLoss" + others,
              "Gather" + others,
              "Dropout" + others,
              "AdamW" + others,
              "FocalLoss" + others);
    }
    assertThat(madeByThree(FusedKernels.none())).containsExactly(List.of(), List.of(), List.of());
  }

  @Test
  void ranksOfWhichOneLacksTheKernelsHaveTheBitsOfARunWithoutThem() {
    int[] few = IntStream.range(0, 20).toArray();
    int[] many = IntStream.range(20, 90).toArray();
    TrainingSettings settings = TrainingRun.settings(4, 30, new AdamW(0.01), 0.01);
    TrainingRun run = new TrainingRun(90).device(device()).dropout(0.2).validateOn(0, 1, 2);
    float[] without = run.dealt(settings, few, many).get(0).weights();
    List<Trained> ranks =
        run.kernelsOfRank(rank -> FusedKernels.onGpu(rank == 0 ? GPU : 1000))
            .dealt(settings, few, many);
    assertThat(ranks.get(1).weights()).isEqualTo(ranks.get(0).weights());
    assertThat(ranks.get(0).weights()).containsExactly(without, Offset.offset(1e-5f));
  }

  @Override
  protected Device device() {
    return Device.cpu();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void logitsLabelsAndWeightsAreOnlyRead(boolean sigmoid) {
    ClassificationLoss loss =
        sigmoid ? SigmoidFocalLoss.builder().build() : FocalLoss.builder().build();
    ClassificationLoss fused =
        new ClassificationLoss() {
          @Override
          public LossKernel prepare(NDManager manager, DataType dataType) {
            return dataType == DataType.FLOAT32
                ? fused(loss, CLASSES, dataType, manager)
                : loss.prepare(manager, dataType);
          }

          @Override
          public boolean isSigmoid() {
            return sigmoid;
          }
        };
    assertThat(LossContract.verify(fused, CLASSES).findings())
        .filteredOn(finding -> finding.check().equals("inputs kept"))
        .singleElement()
        .hasToString("ok    inputs kept");
  }
}
