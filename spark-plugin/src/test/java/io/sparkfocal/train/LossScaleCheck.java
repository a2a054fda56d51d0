package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import java.util.function.BiFunction;

/** What every update does with a loss scale. */
final class LossScaleCheck {

  private static final int FEATURES = 5;
  private static final float SCALE = 64;

  private LossScaleCheck() {}

  /** Makes an update of the parameters. */
  interface Maker extends BiFunction<FlatParameters, NDManager, WeightUpdate> {}

  static void check(Device device, Maker maker) {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      Block network =
          new MlpNetwork()
              .create(
                  FEATURES,
                  3,
                  MlpNetwork.arguments(new int[] {70, 8}, 0, false),
                  Layers.forInference());
      LossScale scale = new LossScale(SCALE, manager);
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 4, scale);
      WeightUpdate update = maker.apply(parameters, manager);

      step(update, parameters, 0, manager);
      assertThat(scale.state().toFloatArray()).containsExactly(SCALE, 1);
      for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1e38f * 10}) {
        float[] weights = parameters.values().toArray();
        OptimizerState before = update.state();
        float factor = scale.read();
        step(update, parameters, value, manager);
        assertThat(parameters.values().toArray()).isEqualTo(weights);
        before
            .moments()
            .forEach(
                (name, moment) ->
                    assertThat(update.state().moments().get(name).toArray())
                        .isEqualTo(moment.toArray()));
        assertThat(scale.state().toFloatArray()).containsExactly(factor / 2, 0);
      }
      // The losses of steps that were left out are finite or end the training, like any.
      assertThat(update.takeTotals()).containsExactly(4 * 3, 4 * 4);

      float[] before = parameters.values().toArray();
      step(update, parameters, 0, manager);
      assertThat(parameters.values().toArray()).isNotEqualTo(before);
      assertThat(parameters.half().weights().toType(DataType.FLOAT32, true).toFloatArray())
          .as("what the network sees")
          .containsExactly(
              parameters
                  .trained()
                  .toType(DataType.FLOAT16, true)
                  .toType(DataType.FLOAT32, true)
                  .toFloatArray());
      assertThat(scale.state().toFloatArray()).containsExactly(SCALE / 8, 1);

      for (int clean = 2; clean < LossScale.STEPS_TO_DOUBLE; clean++) {
        step(update, parameters, 0, manager);
      }
      assertThat(scale.state().toFloatArray())
          .containsExactly(SCALE / 8, LossScale.STEPS_TO_DOUBLE - 1);
      step(update, parameters, 0, manager);
      assertThat(scale.state().toFloatArray()).containsExactly(SCALE / 4, 0);
    }
  }

  /** With gradients as a backward pass leaves them, one of which has {@code value} added. */
  private static void step(
      WeightUpdate update, FlatParameters parameters, float value, NDManager parent) {
    try (NDManager manager = parent.newSubManager()) {
      NDArray sines = manager.arange((float) parameters.trained().size()).sin();
      sines.get("37:38").addi(value);
      parameters.half().gradients().addi(sines.toType(DataType.FLOAT16, false));
      parameters.collectGradients();
      assertThat(parameters.half().gradients().toType(DataType.FLOAT32, true).toFloatArray())
          .containsOnly(0);
      update.count(manager.create(new float[] {3, 4}));
      update.apply(1e-3);
      assertThat(parameters.gradients().toFloatArray()).containsOnly(0);
    }
  }
}
