package io.sparkfocal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaLibrariesTest {

  @Test
  void theUsersFoldersComeFirstThenThoseOfTheLoader() {
    assertThat(
            CudaLibraries.folders(
                "/a:/b", Map.of("LD_LIBRARY_PATH", "/c", "VIRTUAL_ENV", "/nowhere")))
        .startsWith(Path.of("/a"), Path.of("/b"), Path.of("/c"));
  }

  @Test
  void nvidiasPackagesBesidePytorchAreLookedIn(@TempDir Path site) throws Exception {
    Path file = site.resolve("nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
    Files.createDirectories(file.getParent());
    Files.createFile(file);
    List<Path> folders =
        CudaLibraries.folders(
            "", Map.of("PYTORCH_LIBRARY_PATH", site.resolve("torch/lib").toString()));
    assertThat(CudaLibraries.find(folders, "libnvrtc.so.12")).isEqualTo(file);
    assertThat(CudaLibraries.find(folders, "libnvrtc.so.11")).isNull();
  }

  @Test
  void aLibraryThatIsMissingIsToldWithTheFoldersThatWereLookedIn() {
    CudaLibraries absent =
        new CudaLibraries(
            "NCCL",
            "NCCL 2",
            () -> List.of("libabsent.so.7"),
            () -> {
              throw new AssertionError("called without libraries");
            });
    for (int time = 0; time < 2; time++) {
      assertThatThrownBy(absent::require)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageMatching(
              "NCCL cannot be used: libabsent.so.7 is in none of \\[.*/usr/local/lib]; install NCCL 2, or name their folders in spark.focal.nccl.library-path.");
    }
  }

  @Test
  void aBindingThatDoesNotLoadIsTold() {
    CudaLibraries unbound =
        new CudaLibraries(
            "NCCL",
            "NCCL 2",
            List::of,
            () -> {
              throw new NoClassDefFoundError("org/bytedeco/cuda/global/nccl");
            });
    assertThatThrownBy(unbound::require)
        .hasMessage(
            "NCCL cannot be used: its Java binding does not load over [] (org/bytedeco/cuda/global/nccl); put org.bytedeco:cuda for linux-x86_64 on the class path.");
  }

  @Test
  void filesAreThoseThatTheBindingIsLinkedTo() {
    assertThat(CudaLibraries.linkedBy(org.bytedeco.cuda.presets.cudart.class, "cuda", "cudart"))
        .hasSize(2)
        .startsWith("libcuda.so.1")
        .last()
        .asString()
        .matches("libcudart[.]so[.]1[23]");
    assertThatThrownBy(() -> CudaLibraries.linkedBy(org.bytedeco.cuda.presets.nccl.class, "cudart"))
        .isInstanceOf(LinkageError.class)
        .hasMessage("org.bytedeco.cuda.presets.nccl is linked to no libcudart");
  }

  @Test
  void aLibraryThatIsLoadedServesWhereverItLies() throws Exception {
    String loaded = Path.of(LoadedLibraries.paths("libjvm.so")).getFileName().toString();
    new CudaLibraries("CUDA", "CUDA", () -> List.of(loaded), () -> {}).require();
    assertThat(LoadedLibraries.contains("libabsent.so.7")).isFalse();
  }
}
