package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.nn.core.Linear;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AveragedWeightsTest {

  private static void set(FlatParameters parameters, float value) {
    float[] all = new float[(int) parameters.all().size()];
    Arrays.fill(all, value);
    parameters.set(all);
  }

  @Test
  void theAverageBeginsAsTheMeanAndThenForgets() {
    try (NDManager manager = NDManager.newBaseManager()) {
      FlatParameters parameters =
          FlatParameters.of(Linear.builder().setUnits(1).build(), 2, manager, 1);
      try (AveragedWeights averages = new AveragedWeights(parameters, 4, manager)) {
        for (float value : new float[] {4, 2, 3}) {
          set(parameters, value);
          averages.add();
        }
        float[] seen = new float[2];
        averages.during(() -> seen[0] = parameters.trained().toFloatArray()[0]);
        assertThat(seen[0]).isCloseTo(3, within(1e-6f));
        assertThat(parameters.trained().toFloatArray()[0]).isEqualTo(3);
        for (float value : new float[] {3, 7}) {
          set(parameters, value);
          averages.add();
        }
        // From the fourth step on a quarter of the difference is taken.
        averages.during(() -> seen[1] = parameters.trained().toFloatArray()[0]);
        assertThat(seen[1]).isCloseTo(4, within(1e-6f));
        assertThat(parameters.trained().toFloatArray()[0]).isEqualTo(7);
        averages.take();
        assertThat(parameters.trained().toFloatArray()[0]).isCloseTo(4, within(1e-6f));
      }
    }
  }
}
