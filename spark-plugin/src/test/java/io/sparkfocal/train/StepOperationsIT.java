package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.jni.JniUtils;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.testing.CudaStandIn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** The operations that PyTorch's profiler sees in one step of the way a GPU takes. */
@Timeout(180)
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class StepOperationsIT {

  private static final int STEP = 4;
  private static final Pattern OPERATION = Pattern.compile("\"name\": \"aten::(\\w+)\"");

  /** What costs no launch on a GPU: views, allocations, and what the CPU does inside addmm, sum. */
  private static final Set<String> FREE =
      Set.of(
          "slice",
          "as_strided",
          "reshape",
          "view",
          "t",
          "transpose",
          "expand",
          "resolve_conj",
          "empty",
          "empty_strided",
          "to",
          "_to_copy",
          "relu",
          "fill_",
          "copy_");

  @TempDir private Path folder;

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folders());
  }

  /** How often each operation occurs in a step of an MLP with two hidden layers. */
  private Map<String, Integer> operations(DataType precision) throws Exception {
    Path trace = folder.resolve("trace.json");
    TrainingListener profiler =
        new TrainingListener() {
          private int steps;

          @Override
          public void beforeStep() {
            steps++;
            if (steps == STEP) {
              JniUtils.startProfile(false, false, false);
            } else if (steps == STEP + 1) {
              JniUtils.stopProfile(trace.toString());
            }
          }

          @Override
          public void epochCompleted(EpochReport report) {}
        };
    TrainingSettings settings = TrainingRun.settings(1, 10, new AdamW(0.01), 0.01);
    new TrainingRun(90)
        .kernels(() -> FusedKernels.onGpu(0))
        .listener(profiler)
        .alone(precision == DataType.FLOAT16 ? TrainingRun.half(settings) : settings);
    Map<String, Integer> operations = new TreeMap<>();
    OPERATION
        .matcher(Files.readString(trace))
        .results()
        .forEach(match -> operations.merge(match.group(1), 1, Integer::sum));
    return operations;
  }

  @Test
  void aStepIsArithmeticAloneAndReadsNothingBack() throws Exception {
    Map<String, Integer> operations = operations(DataType.FLOAT32);
    // On the CPU the bias of each of the three layers is copied inside addmm.
    assertThat(operations.get("copy_")).isEqualTo(3);
    operations.keySet().removeAll(FREE);
    assertThat(operations)
        .isEqualTo(
            new TreeMap<>(
                Map.of(
                    // Forward.
                    "addmm", 3,
                    "clamp_min", 2,
                    // Backward.
                    "mm", 5,
                    "threshold_backward", 2,
                    "sum", 3,
                    // Six gradients to their places, and the sums of the loss.
                    "add_", 7)));
  }

  @Test
  void aStepInFloat16AddsFourOperations() throws Exception {
    Map<String, Integer> floats = operations(DataType.FLOAT32);
    Map<String, Integer> halves = operations(DataType.FLOAT16);
    // The batch's cast, zeros for the gradients, and what a CPU copies inside a quotient of two
    // types.
    assertThat(halves.get("copy_")).isEqualTo(floats.get("copy_") + 3);
    floats.keySet().removeAll(FREE);
    halves.keySet().removeAll(FREE);
    floats.merge("div", 1, Integer::sum);
    floats.merge("add_", 1, Integer::sum);
    assertThat(halves).isEqualTo(floats);
  }
}
