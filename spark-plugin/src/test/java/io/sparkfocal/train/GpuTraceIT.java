package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.cuda.GpuActivity;
import io.sparkfocal.cuda.GpuTrace;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What CUPTI sees of steps on the first GPU of this machine, between two reads of the loss. */
@Tag("gpu")
@Timeout(180)
class GpuTraceIT {

  private static final int ROWS_PER_STEP = 64;

  /** The loss is read every 50 steps, and at the end of an epoch. */
  private static final int STEPS_PER_EPOCH = 50;

  private static final int FIRST = STEPS_PER_EPOCH + 3;
  private static final int STEPS = 40;

  private static GpuActivity activity(DataType precision) {
    List<GpuActivity> found = new ArrayList<>();
    TrainingListener tracer =
        new TrainingListener() {
          private int steps;
          private GpuTrace trace;

          @Override
          public void beforeStep() {
            steps++;
            if (steps == FIRST) {
              trace = GpuTrace.begin(0);
            } else if (steps == FIRST + STEPS) {
              found.add(trace.end());
              trace.close();
            }
          }

          @Override
          public void epochCompleted(EpochReport report) {}
        };
    TrainingSettings settings = TrainingRun.settings(2, ROWS_PER_STEP, new AdamW(0.01), 0.01);
    new TrainingRun(STEPS_PER_EPOCH * ROWS_PER_STEP)
        .device(Device.gpu(0))
        .kernels(() -> FusedKernels.on(Device.gpu(0)))
        .dropout(0.1)
        .listener(tracer)
        .alone(precision == DataType.FLOAT16 ? TrainingRun.half(settings) : settings);
    return found.get(0);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void aStepNeitherWaitsForTheGpuNorCopiesToItOrFromIt(DataType precision) {
    GpuActivity activity = activity(precision);
    System.out.printf("%s, %d steps: %s%n", precision, STEPS, activity);
    assertThat(activity.waits()).as("waits in %s", activity).isZero();
    assertThat(activity.hostCopies()).as("copies in %s", activity).isZero();
    assertThat(activity.calls().keySet())
        .noneMatch(call -> call.startsWith("cudaMalloc") || call.startsWith("cudaFree"));
    // Of an MLP with two hidden layers and dropout, see StepOperationsIT; cuBLAS may take two for
    // a matrix product.
    assertThat(activity.kernels() + activity.fills() + activity.deviceCopies())
        .isBetween(20 * STEPS, 60 * STEPS);
  }
}
