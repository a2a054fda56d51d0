package io.sparkfocal.examples.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.network.Layers;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResNet18Test {

  private static Block network(int side, int outputs) {
    return new ResNet18().create(3 * side * side, outputs, Map.of(), Layers.forInference());
  }

  @Test
  void itHasTheParametersOfTorchvisions() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = network(224, 1000);
      network.initialize(manager, DataType.FLOAT32, new Shape(1, 3 * 224 * 224));
      long trained =
          network.getParameters().stream()
              .filter(named -> named.getValue().requiresGradient())
              .mapToLong(named -> named.getValue().getArray().size())
              .sum();
      assertThat(trained).isEqualTo(11_689_512);
    }
  }

  @Test
  void smallImagesBecomeLogits() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = network(32, 5);
      network.initialize(manager, DataType.FLOAT32, new Shape(1, 3 * 32 * 32));
      NDList logits =
          network.forward(
              new ParameterStore(manager, false),
              new NDList(manager.randomNormal(new Shape(2, 3 * 32 * 32))),
              false);
      assertThat(logits.singletonOrThrow().getShape()).isEqualTo(new Shape(2, 5));
    }
  }

  @Test
  void rowsThatAreNoImagesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResNet18().create(3073, 5, Map.of(), Layers.forInference()))
        .withMessage(
            "ResNet18 takes square images of three channels and at least 32 pixels a side, but a row has 3073 features.");
  }
}
