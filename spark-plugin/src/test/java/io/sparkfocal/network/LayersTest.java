package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.List;
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

  /** What a channel's scale and shift, and the images, get of gradients; and what is tracked. */
  private static float[] normOfImages(Collective collective, int from, int to) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TensorCollective tensors = new TensorCollective(collective);
      RankStep step = new RankStep(1, tensors);
      Block norm = new Layers(step).batchNorm();
      norm.initialize(manager, DataType.FLOAT32, new Shape(1, 3, 2, 2));
      NDArray all = manager.arange(5f * 12).mul(0.7f).sin().mul(3).add(1).reshape(5, 3, 2, 2);
      NDArray images = all.get(from + ":" + to).duplicate();
      images.setRequiresGradient(true);
      step.begin(1);
      NDArray output =
          Autograd.recorded(
              () ->
                  norm.forward(new ParameterStore(manager, false), new NDList(images), true)
                      .singletonOrThrow());
      NDArray weights = all.get(from + ":" + to).cos();
      step.tape().backward(output, weights);
      NDList results = new NDList(output.stopGradient(), images.getGradient());
      for (String name : new String[] {"gamma", "beta"}) {
        NDArray gradient = norm.getParameters().get(name).getArray().getGradient();
        tensors.allReduce(gradient);
        results.add(gradient);
      }
      for (String name : new String[] {"runningMean", "runningVar"}) {
        results.add(norm.getParameters().get(name).getArray());
      }
      NDList flat = new NDList();
      results.forEach(array -> flat.add(array.reshape(-1)));
      return NDArrays.concat(flat).toFloatArray();
    }
  }

  @Test
  void batchNormOverImagesOnTwoRanksIsThatOfOne() throws Exception {
    float[] alone = normOfImages(new SoloCollective(), 0, 5);
    LocalGroup group = LocalGroup.of(2, Duration.ofSeconds(30));
    List<float[]> ranks =
        Ranks.run(
            List.of(group.member(0), group.member(1)),
            c -> c.rank() == 0 ? normOfImages(c, 0, 2) : normOfImages(c, 2, 5));
    // Output and gradient of two and of three images, then six numbers per channel that all share.
    float[] together = new float[alone.length];
    System.arraycopy(ranks.get(0), 0, together, 0, 24);
    System.arraycopy(ranks.get(1), 0, together, 24, 36);
    System.arraycopy(ranks.get(0), 24, together, 60, 24);
    System.arraycopy(ranks.get(1), 36, together, 84, 36);
    System.arraycopy(ranks.get(1), 72, together, 120, 12);
    assertThat(together).containsExactly(alone, Offset.offset(1e-5f));
  }

  /** Output, gradient of the input and running statistics, after a pass over those rows. */
  private static float[] normOfRows(Collective collective, int rows) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      RankStep step = new RankStep(1, new TensorCollective(collective));
      Block norm = new Layers(step).batchNorm();
      norm.initialize(manager, DataType.FLOAT32, new Shape(1, 2));
      NDArray input = manager.create(new float[] {3, 5}, new Shape(1, 2)).get("0:" + rows);
      input.setRequiresGradient(true);
      step.begin(1);
      NDArray output =
          Autograd.recorded(
              () ->
                  norm.forward(new ParameterStore(manager, false), new NDList(input), true)
                      .singletonOrThrow());
      step.tape().backward(output, output.onesLike());
      NDList results = new NDList(output.stopGradient().reshape(-1));
      results.add(input.getGradient().reshape(-1));
      for (String name : new String[] {"runningMean", "runningVar"}) {
        results.add(norm.getParameters().get(name).getArray());
      }
      return NDArrays.concat(results).toFloatArray();
    }
  }

  @Test
  void batchNormOfOneRowOrNoneOverAllRanksKeepsItsStatistics() throws Exception {
    for (int rows = 0; rows <= 1; rows++) {
      int count = rows;
      LocalGroup group = LocalGroup.of(2, Duration.ofSeconds(30));
      List<float[]> ranks =
          Ranks.run(
              List.of(group.member(0), group.member(1)),
              c -> normOfRows(c, c.rank() == 0 ? count : 0));
      float[] kept = {0, 0, 1, 1};
      float[] alone = rows == 0 ? kept : new float[] {0, 0, 0, 0, 0, 0, 1, 1};
      assertThat(ranks.get(0)).containsExactly(alone, Offset.offset(1e-6f));
      assertThat(ranks.get(1)).containsExactly(kept);
    }
    assertThat(normOfRows(new SoloCollective(), 1))
        .containsExactly(new float[] {0, 0, 0, 0, 0, 0, 1, 1}, Offset.offset(1e-6f));
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
