package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  @Test
  void layersThatAreFrozenComputeInFloat16TooAndSeeNewWeights() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Block frozen = Linear.builder().setUnits(4).build();
      Block trained = Linear.builder().setUnits(2).build();
      frozen.freezeParameters(true);
      Block network = new SequentialBlock().add(frozen).add(trained);
      FlatParameters parameters =
          FlatParameters.of(network, 3, manager, 1, new LossScale(1, manager));
      assertThat(parameters.trained().size()).isEqualTo(4 * 2 + 2);
      assertThat(parameters.all().size()).isEqualTo(4 * 2 + 2 + 3 * 4 + 4);

      float[] ones = new float[26];
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
