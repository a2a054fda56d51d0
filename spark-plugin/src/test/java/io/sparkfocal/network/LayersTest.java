package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.Autograd;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LayersTest {

  private static NDArray forward(Block block, NDArray input, boolean training) {
    ParameterStore store = new ParameterStore(input.getManager(), false);
    return Autograd.unrecorded(
        () -> block.forward(store, new NDList(input), training).singletonOrThrow());
  }

  private static RankStep step() {
    return new RankStep(1, new TensorCollective(new SoloCollective()));
  }

  @Test
  void dropoutZeroesItsShareAndKeepsTheMean() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      RankStep step = step();
      Block dropout = new Layers(step).dropout(0.25);
      NDArray ones = manager.ones(new Shape(200, 50));
      step.begin(1);
      float[] first = forward(dropout, ones, true).toFloatArray();
      float[] again = forward(dropout, ones, true).toFloatArray();
      step.begin(2);
      float[] later = forward(dropout, ones, true).toFloatArray();
      long zeros = 0;
      for (float value : first) {
        zeros += value == 0 ? 1 : 0;
        assertThat(value == 0 || value == (float) (1 / 0.75)).isTrue();
      }
      assertThat(zeros).isBetween(2300L, 2700L);
      assertThat(again).isEqualTo(first);
      assertThat(later).isNotEqualTo(first);
      assertThat(forward(dropout, ones, false).toFloatArray()).containsOnly(1f);
    }
  }

  @Test
  void dropoutOfEverythingIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Layers.forInference().dropout(1))
        .withMessageContaining("1.0");
  }

  @Test
  void batchNormNormalisesByTheBatchAndKeepsRunningStatisticsAsPyTorchDoes() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      RankStep step = step();
      Block norm = new Layers(step).batchNorm();
      norm.initialize(manager, DataType.FLOAT32, new Shape(1, 2));
      NDArray input = manager.create(new float[] {1, 10, 3, 10, 5, 40, 7, 20}, new Shape(4, 2));
      step.begin(1);
      NDArray output =
          Autograd.recorded(
              () ->
                  norm.forward(new ParameterStore(manager, false), new NDList(input), true)
                      .singletonOrThrow());
      float[] normalized = output.toFloatArray();
      // Column 0: mean 4, biased variance 5; column 1: mean 20, biased variance 150.
      double[] deviations = {Math.sqrt(5 + 1e-5), Math.sqrt(150 + 1e-5)};
      float[] values = input.toFloatArray();
      for (int i = 0; i < 8; i++) {
        double expected = (values[i] - (i % 2 == 0 ? 4 : 20)) / deviations[i % 2];
        assertThat((double) normalized[i]).isCloseTo(expected, Offset.offset(1e-5));
      }
      step.tape().backward(output, output.onesLike());
      // Momentum 0.1 from mean 0 and variance 1; the variance is unbiased: 5 * 4/3, 150 * 4/3.
      float[] mean = norm.getParameters().get("runningMean").getArray().toFloatArray();
      float[] variance = norm.getParameters().get("runningVar").getArray().toFloatArray();
      assertThat(mean).containsExactly(new float[] {0.4f, 2f}, Offset.offset(1e-5f));
      assertThat(variance)
          .containsExactly(
              new float[] {0.9f + 0.1f * 20 / 3, 0.9f + 0.1f * 200}, Offset.offset(1e-4f));
      NDArray scored = forward(norm, input, false);
      assertThat((double) scored.toFloatArray()[0])
          .isCloseTo((1 - 0.4) / Math.sqrt(0.9 + 2.0 / 3 + 1e-5), Offset.offset(1e-5));
    }
  }

  @Test
  void networksAreBuiltFromTheirDescription() {
    NetworkDescription description =
        new NetworkDescription(
            MlpNetwork.class.getName(), MlpNetwork.arguments(new int[] {7, 5}, 0.1, true), 4, 3);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = description.build(Layers.forInference());
      network.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
      assertThat(forward(network, manager.ones(new Shape(6, 4)), false).getShape())
          .isEqualTo(new Shape(6, 3));
    }
    Map<String, String> wrong = MlpNetwork.arguments(new int[] {7, 0}, 0, false);
    NetworkDescription refused = new NetworkDescription(MlpNetwork.class.getName(), wrong, 4, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> refused.build(Layers.forInference()))
        .withMessage(
            "hiddenLayers is \"7,0\"; give whole numbers of at least 1, separated by commas.");
  }
}
