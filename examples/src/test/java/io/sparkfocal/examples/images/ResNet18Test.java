package io.sparkfocal.examples.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.network.Layers;
import io.sparkfocal.train.AdamW;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.LearningRateSchedule;
import io.sparkfocal.train.LossScale;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ResNet18Test {

  private static final TrainingSettings IN_FLOAT16 =
      new TrainingSettings(
          1,
          2,
          0.1,
          new AdamW(0),
          LearningRateSchedule.CONSTANT,
          0,
          0,
          1,
          1,
          ValidationMetric.LOSS,
          0,
          DataType.FLOAT16);

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
  void inFloat16TheLogitsAreNearlyTheSame() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      int features = 3 * 32 * 32;
      NDArray images = manager.arange(2f * features).mul(0.37f).sin().reshape(2, features);
      float[][] logits = new float[2][];
      for (int half = 0; half < 2; half++) {
        LossScale scale = half == 1 ? LossScale.of(IN_FLOAT16, manager) : null;
        Block network = network(32, 5);
        FlatParameters.of(network, features, manager, 1, scale);
        NDArray input = half == 1 ? images.toType(DataType.FLOAT16, true) : images;
        NDList output =
            network.forward(new ParameterStore(manager, false), new NDList(input), false);
        logits[half] = output.singletonOrThrow().toType(DataType.FLOAT32, true).toFloatArray();
      }
      assertThat(logits[1]).containsExactly(logits[0], Offset.offset(0.01f));
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
