package io.sparkfocal.cuda;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.SizeTPointer;

/** A GPU by its number in this process, and the errors of CUDA as sentences. */
final class Gpu {

  private final int number;

  private Gpu(int number) {
    this.number = number;
  }

  /**
   * A GPU.
   *
   * @throws IllegalStateException if CUDA does not load here
   */
  static Gpu of(int number) {
    CudaLibraries.CUDA.require();
    return new Gpu(number);
  }

  /** Makes it the current device of this thread, as CUDA keeps one per thread. */
  void select() {
    check("cudaSetDevice", cudart.cudaSetDevice(number));
  }

  int attribute(int attribute) {
    int[] value = new int[1];
    check("cudaDeviceGetAttribute", cudart.cudaDeviceGetAttribute(value, attribute, number));
    return value[0];
  }

  /** Bytes that nobody has taken. */
  long freeMemory() {
    select();
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer all = new SizeTPointer(1)) {
      check("cudaMemGetInfo", cudart.cudaMemGetInfo(free, all));
      return free.get();
    }
  }

  /**
   * Fails unless the call of the CUDA runtime succeeded.
   *
   * @throws IllegalStateException with the name of the call and what CUDA says
   */
  void check(String call, int result) {
    if (result != cudart.cudaSuccess) {
      throw failure(call, cudart.cudaGetErrorString(result).getString(), result);
    }
  }

  IllegalStateException failure(String call, String error, int result) {
    return new IllegalStateException(
        "%s on GPU %d failed: %s (%d).".formatted(call, number, error, result));
  }
}
