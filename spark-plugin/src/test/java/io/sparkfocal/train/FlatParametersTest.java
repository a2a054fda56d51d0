package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import ai.djl.training.initializer.Initializer;
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
}
