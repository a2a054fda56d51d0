package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import java.util.function.BiFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The update of a GPU, run on the CPU, beside that of the CPU. */
class WeightUpdateTest {

  /** A step with a gradient that is not finite, between others that are. */
  @ParameterizedTest
  @CsvSource({"adamW, true", "adamW, false", "sgd, true", "sgd, false"})
  void aStepWithoutFiniteGradientsHalvesTheLossScaleAndChangesNothingElse(
      String rule, boolean onHost) {
    TensorCollective alone = new TensorCollective(new SoloCollective());
    Optimizer optimizer = rule.equals("sgd") ? new Sgd(0.9, 0.01) : new AdamW(0.01);
    TrainingSettings settings = TrainingRun.settings(1, 1, optimizer, 0.01);
    LossScaleCheck.check(
        Device.cpu(),
        (parameters, manager) ->
            onHost
                ? new HostUpdate(parameters, alone, settings, manager)
                : new TensorUpdate(parameters, alone, settings, manager));
  }

  private static final int FEATURES = 5;

  private interface Maker extends BiFunction<FlatParameters, NDManager, WeightUpdate> {}

  private static float[] trained(Maker maker) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network =
          new MlpNetwork()
              .create(
                  FEATURES,
                  3,
                  MlpNetwork.arguments(new int[] {700, 8}, 0, false),
                  Layers.forInference());
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 4);
      WeightUpdate update = maker.apply(parameters, manager);
      for (int step = 1; step <= 5; step++) {
        assertThat(parameters.gradients().sum().toFloatArray()[0]).isZero();
        NDArray sines = manager.arange((float) parameters.trained().size()).mul(0.37f * step).sin();
        parameters.gradients().get("0:" + parameters.trained().size()).addi(sines);
        // Twice, as in two parts of a step.
        for (int part = 0; part < 2; part++) {
          update.count(manager.create(new float[] {1.5f, 2}));
        }
        update.apply(0.01);
      }
      assertThat(update.takeTotals()).containsExactly(15, 20);
      assertThat(update.takeTotals()).containsExactly(0, 0);
      return parameters.values().toArray();
    }
  }

  @ParameterizedTest
  @CsvSource({"adamW, 0", "adamW, 0.5", "sgd, 0", "sgd, 0.5"})
  void bothUpdatesGiveTheSameWeights(String rule, double clipNorm) {
    TensorCollective alone = new TensorCollective(new SoloCollective());
    Optimizer optimizer = rule.equals("sgd") ? new Sgd(0.9, 0.01) : new AdamW(0.01);
    TrainingSettings plain = TrainingRun.settings(1, 1, optimizer, 0.01);
    TrainingSettings settings =
        new TrainingSettings(
            1,
            1,
            0.01,
            optimizer,
            plain.schedule(),
            0,
            clipNorm,
            0,
            1,
            ValidationMetric.LOSS,
            0,
            DataType.FLOAT32);
    float[] onHost =
        trained((parameters, manager) -> new HostUpdate(parameters, alone, settings, manager));
    float[] onDevice =
        trained((parameters, manager) -> new TensorUpdate(parameters, alone, settings, manager));
    assertThat(onDevice).containsExactly(onHost, Offset.offset(2e-6f));
  }
}
