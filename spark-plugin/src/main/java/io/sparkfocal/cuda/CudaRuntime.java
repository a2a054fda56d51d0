package io.sparkfocal.cuda;

import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.jspecify.annotations.Nullable;

/** The driver and the CUDA runtime with their Java binding, loaded once per JVM. */
final class CudaRuntime {

  private CudaRuntime() {}

  /**
   * Loads them, if this JVM has not yet.
   *
   * @throws IllegalStateException if a library is missing or does not load
   */
  static void require() {
    String failure = Loaded.FAILURE;
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }

  /** Initialised by the JVM, once and under its lock. */
  private static final class Loaded {

    static final @Nullable String FAILURE =
        CudaLibraries.failureOf(
            "CUDA",
            "the NVIDIA driver and the CUDA 12 runtime",
            List.of("libcuda.so.1", "libcudart.so.12"),
            () -> cudart.cudaRuntimeGetVersion(new int[1]));
  }
}
