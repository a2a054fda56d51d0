package io.sparkfocal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.testing.CudaStandIn;
import io.sparkfocal.train.FusedKernels;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The sources of the kernels through NVIDIA's own compiler, which needs no GPU: stand-ins serve as
 * driver and runtime.
 */
@EnabledIf("hasNvrtc")
class KernelCompilerTest {

  /** First bytes of an ELF file. */
  private static final byte[] CUBIN = {0x7f, 'E', 'L', 'F'};

  static boolean hasNvrtc() {
    return CudaStandIn.isAvailable()
        && CudaLibraries.find(
                CudaLibraries.folders("", System.getenv()),
                CudaLibraries.linkedBy(org.bytedeco.cuda.presets.nvrtc.class, "nvrtc").get(0))
            != null;
  }

  @BeforeAll
  static void useStandIn() throws Exception {
    CudaLibraries.lookFirstIn(CudaStandIn.folder().toString());
  }

  private static byte[] compiled(String name, int capability, List<String> options) {
    String source = KernelModule.source(FusedKernels.class, name);
    return KernelCompiler.compile(name, source, capability, options);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CLASSES=1 LANES=1 SIGMOID=1 HALF=0 GAMMA=2.0f GAMMA_FACTORS=2",
        "CLASSES=80 LANES=32 SIGMOID=1 HALF=1 GAMMA=1.5f GAMMA_FACTORS=-1",
        "CLASSES=2 LANES=2 SIGMOID=0 HALF=0 GAMMA=0.0f GAMMA_FACTORS=0",
        "CLASSES=1000 LANES=32 SIGMOID=0 HALF=0 GAMMA=2.0f GAMMA_FACTORS=2",
        "CLASSES=1000 LANES=32 SIGMOID=0 HALF=1 GAMMA=2.0f GAMMA_FACTORS=2",
        "CLASSES=30000 LANES=32 SIGMOID=0 HALF=0 GAMMA=2.5f GAMMA_FACTORS=-1"
      })
  void focalLossCompilesForEveryShape(String macros) {
    List<String> options = Stream.of(macros.split(" ")).map(macro -> "-D" + macro).toList();
    for (int capability : new int[] {75, 80, 90}) {
      assertThat(compiled("focal.cu", capability, options)).startsWith(CUBIN);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw.cu", "dropout.cu", "rows.cu"})
  void theOtherSourcesCompile(String name) {
    assertThat(compiled(name, 80, List.of())).startsWith(CUBIN);
  }

  @Test
  void forAGpuThatIsNewerThanTheCompilerItMakesPtx() {
    assertThat(new String(compiled("adamw.cu", 999, List.of()), StandardCharsets.US_ASCII))
        .contains(".entry squares", ".entry update")
        .endsWith("\0");
  }

  @Test
  void whatItDoesNotUnderstandIsToldWithTheLine() {
    assertThatThrownBy(() -> KernelCompiler.compile("wrong.cu", "int x = y;", 80, List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("NVRTC does not compile wrong.cu")
        .hasMessageContaining("wrong.cu(1): error: identifier \"y\" is undefined");
  }
}
