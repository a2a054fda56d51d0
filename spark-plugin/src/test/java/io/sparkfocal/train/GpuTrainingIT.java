package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on the first GPU of this machine beside that on the CPU. */
@Tag("gpu")
@Timeout(180)
class GpuTrainingIT {

  private static final int ROWS = 90;

  private static TrainingRun run(boolean batchNorm) {
    return new TrainingRun(ROWS).batchNorm(batchNorm);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theWeightsAreTheCpusAfter100SgdSteps(boolean batchNorm) {
    TrainingSettings settings = run(batchNorm).fullBatches(100, new Sgd(0.9, 1e-3), 0.02);
    float[] cpu = run(batchNorm).alone(settings).weights();
    TrainingRun onGpu =
        run(batchNorm).device(Device.gpu(0)).kernels(() -> FusedKernels.on(Device.gpu(0)));
    assertThat(onGpu.alone(settings).weights()).containsExactly(cpu, Offset.offset(1e-4f));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void twoRanksOnOneGpuGetTheWeightsOfOneOnTheCpu(boolean batchNorm) {
    TrainingSettings settings = run(batchNorm).fullBatches(10, new AdamW(0.01), 0.003);
    float[] cpu = run(batchNorm).alone(settings).weights();
    List<Trained> ranks =
        run(batchNorm)
            .device(Device.gpu(0))
            .kernels(() -> FusedKernels.on(Device.gpu(0)))
            .dealt(settings, IntStream.range(0, 20).toArray(), IntStream.range(20, ROWS).toArray());
    assertThat(ranks.get(1).weights()).isEqualTo(ranks.get(0).weights());
    assertThat(ranks.get(0).weights()).containsExactly(cpu, Offset.offset(1e-4f));
  }
}
