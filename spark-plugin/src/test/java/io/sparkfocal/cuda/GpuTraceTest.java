package io.sparkfocal.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.CudaStandIn;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Over a stand-in for CUPTI that tells always the same. */
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class GpuTraceTest {

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folder().toString());
  }

  @Test
  void whatHappenedBetweenBeginAndEndIsCounted() {
    for (int time = 0; time < 2; time++) {
      try (GpuTrace trace = GpuTrace.begin(0)) {
        GpuActivity activity = trace.end();
        assertThat(activity)
            .isEqualTo(
                new GpuActivity(
                    2,
                    1,
                    64,
                    1,
                    1,
                    Map.of("cudaLaunchKernel", 2, "cuLaunchKernel", 1, "cudaStreamSynchronize", 1),
                    2000,
                    800,
                    100));
        assertThat(activity.waits()).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cudaStreamSynchronize, 1",
    "cudaEventSynchronize, 1",
    "cuCtxSynchronize, 1",
    "cudaMemcpy, 1",
    "cuMemcpyDtoH, 1",
    "cudaMemcpyAsync, 0",
    "cuMemcpyHtoDAsync, 0",
    "cudaStreamWaitEvent, 0",
    "cudaLaunchKernel, 0"
  })
  void callsThatMakeTheHostWaitAreKnown(String call, int waits) {
    assertThat(GpuActivity.of(List.of(), Map.of(call, 1), 1).waits()).isEqualTo(waits);
  }
}
