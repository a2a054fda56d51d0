package io.sparkfocal.collective.nccl;

import io.sparkfocal.cuda.CudaLibraries;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nccl;

/**
 * The native libraries that NCCL's binding needs, loaded once per JVM: libcuda, libcudart and
 * libnccl.
 */
public final class NcclLibraries {

  private static final CudaLibraries LIBRARIES =
      new CudaLibraries(
          "NCCL",
          "NCCL 2",
          () -> CudaLibraries.linkedBy(org.bytedeco.cuda.presets.nccl.class, "nccl"),
          () -> nccl.ncclGetVersion(new int[1]));

  private NcclLibraries() {}

  /**
   * Loads the libraries, if this JVM has not yet.
   *
   * @throws IllegalStateException if one is missing or does not load, with what was looked for
   */
  public static void require() {
    CudaLibraries.CUDA.require();
    LIBRARIES.require();
  }

  /**
   * Version of the loaded NCCL, as 2.27.3.
   *
   * @throws IllegalStateException as for {@link #require}
   */
  public static String version() {
    require();
    return dotted(Communicator.version());
  }

  /**
   * Version of the CUDA runtime, and the newest one that the driver runs, as 12.8.
   *
   * @throws IllegalStateException as for {@link #require}
   */
  public static String cudaVersions() {
    require();
    int[] runtime = new int[1];
    int[] driver = new int[1];
    cudart.cudaRuntimeGetVersion(runtime);
    cudart.cudaDriverGetVersion(driver);
    return "runtime %s, driver for up to %s".formatted(cuda(runtime[0]), cuda(driver[0]));
  }

  private static String cuda(int version) {
    return "%s.%s".formatted(version / 1000, version % 1000 / 10);
  }

  static String dotted(int version) {
    return "%s.%s.%s".formatted(version / 10_000, version / 100 % 100, version % 100);
  }
}
