package io.sparkfocal.train;

import static io.sparkfocal.cuda.KernelArguments.address;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlatParametersTest {

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "FLOAT64"})
  void networksOfOtherPrecisionAreRefused(DataType type) {
    try (NDManager manager = NDManager.newBaseManager()) {
      Block network = Linear.builder().setUnits(2).build();
      network.setInitializer(Initializer.ZEROS, parameter -> true);
      network.initialize(manager, type, new Shape(1, 3));

      assertThatThrownBy(() -> FlatParameters.of(network, 3, manager, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Parameter \"weight\" is %s; networks must be float32.", type);
    }
  }

  /** What is copied in a step and sent after an epoch. */
  @Test
  void runningStatisticsAreFewViewsWithoutWhatIsFrozen() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Block frozen = Linear.builder().setUnits(1000).build();
      frozen.freezeParameters(true);
      Block network =
          new SequentialBlock()
              .add(BatchNorm.builder().build())
              .add(BatchNorm.builder().build())
              .add(frozen)
              .add(BatchNorm.builder().build());
      FlatParameters parameters = FlatParameters.of(network, 7, manager, 1);
      List<NDArray> views = parameters.views(network, FlatParameters::isStatistics);
      // Four of 7 values each and two of 1,000, which take multiples of 64.
      assertThat(views).extracting(NDArray::size).containsExactly(4 * 64L, 2 * 1024L);
      views.get(1).addi(1);
      assertThat(network.getParameters().valueAt(13).getArray().toFloatArray()).containsOnly(2);
      assertThat(parameters.views(network, parameter -> false)).isEmpty();
    }
  }

  private static Block network(int... widths) {
    return new MlpNetwork()
        .create(7, 3, MlpNetwork.arguments(widths, 0, true), Layers.forInference());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyParameterAndItsGradientBeginAtAMultipleOf256Bytes(boolean inHalf) {
    try (NDManager manager = NDManager.newBaseManager()) {
      Block network = network(50, 101);
      LossScale scale = inHalf ? new LossScale(1, manager) : null;
      FlatParameters parameters = FlatParameters.of(network, 7, manager, 1, scale);
      HalfPrecision half = parameters.half();
      long leaves = address(half == null ? parameters.all() : half.weights());
      long gradients = address(half == null ? parameters.gradients() : half.gradients());
      // Copies in float16 have half the bytes.
      long alignment = inHalf ? 128 : 256;
      assertThat(parameters.slices()).hasSize(12);
      for (ParameterSlice slice : parameters.slices()) {
        assertThat(slice.offset() % 64).as(slice.toString()).isZero();
      }
      for (Parameter parameter : network.getParameters().values()) {
        if (parameter.requiresGradient()) {
          NDArray leaf = parameter.getArray();
          assertThat((address(leaf) - leaves) % alignment).isZero();
          assertThat((address(leaf.getGradient()) - gradients) % alignment).isZero();
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"adamW, true", "adamW, false", "sgd, true", "sgd, false"})
  void nothingIsWrittenBetweenParameters(String rule, boolean onHost) {
    TensorCollective alone = new TensorCollective(new SoloCollective());
    Optimizer optimizer = rule.equals("sgd") ? new Sgd(0.9, 0.1) : new AdamW(0.1);
    TrainingSettings settings = TrainingRun.settings(1, 1, optimizer, 0.1);
    try (NDManager manager = NDManager.newBaseManager()) {
      FlatParameters parameters = FlatParameters.of(network(5), 7, manager, 1);
      WeightUpdate update =
          onHost
              ? new HostUpdate(parameters, alone, settings, manager)
              : new TensorUpdate(parameters, alone, settings, manager);
      float[] before = parameters.values().toArray();
      for (int step = 0; step < 3; step++) {
        for (ParameterSlice slice : parameters.slices()) {
          if (slice.offset() < parameters.trained().size()) {
            slice.of(parameters.gradients()).addi(1);
          }
        }
        update.apply(0.1);
      }
      float[] after = parameters.values().toArray();
      int at = 0;
      for (ParameterSlice slice : parameters.slices()) {
        int begin = (int) slice.offset();
        for (; at < begin; at++) {
          assertThat(after[at]).isZero();
        }
        at = begin + (int) slice.size();
      }
      assertThat(after).isNotEqualTo(before);
    }
  }

  @Test
  void theBiasOfTheOutputsIsFoundBeforeTheGapBehindIt() {
    try (NDManager manager = NDManager.newBaseManager()) {
      FlatParameters parameters = FlatParameters.of(network(5), 7, manager, 1);
      parameters.setOutputBias(new float[] {1, 2, 3});
      ParameterSlice bias =
          parameters.slices().stream()
              .filter(slice -> slice.name().endsWith("bias"))
              .findFirst()
              .orElseThrow();
      assertThat(bias.of(parameters.all()).toFloatArray()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void layersThatAreFrozenComputeInFloat16TooAndSeeNewWeights() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Block frozen = Linear.builder().setUnits(4).build();
      Block trained = Linear.builder().setUnits(2).build();
      frozen.freezeParameters(true);
      Block network = new SequentialBlock().add(frozen).add(trained);
      FlatParameters parameters =
          FlatParameters.of(network, 3, manager, 1, new LossScale(1, manager));
      assertThat(parameters.trained().size()).isEqualTo(64 + 64);
      assertThat(parameters.all().size()).isEqualTo(64 + 64 + 64 + 64);

      float[] ones = new float[256];
      Arrays.fill(ones, 1);
      parameters.set(ones);
      NDArray output =
          network
              .forward(
                  new ParameterStore(manager, false),
                  new NDList(parameters.input(manager.ones(new Shape(1, 3)))),
                  true)
              .singletonOrThrow();
      assertThat(output.getDataType()).isEqualTo(DataType.FLOAT16);
      assertThat(output.toType(DataType.FLOAT32, true).toFloatArray())
          .containsExactly(4 * 4 + 1, 4 * 4 + 1);
    }
  }
}
