package io.sparkfocal.cuda;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.SizeTPointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A GPU by its number in this process, and the errors of CUDA as sentences. */
public final class Gpu {

  private static final Logger LOG = LoggerFactory.getLogger(Gpu.class);

  /** The part of PyTorch that a build for CPUs lacks. */
  private static final String PYTORCH_FOR_CUDA = "libtorch_cuda.so";

  private final int number;

  private Gpu(int number) {
    this.number = number;
  }

  /**
   * How many GPUs PyTorch can use in this process, in which it has been loaded; 0 where it is built
   * for CPUs or CUDA does not load.
   *
   * <p>DJL's own count finds none where the CUDA runtime is in no folder of the system, as with
   * PyTorch's wheels.
   */
  public static int count() {
    if (!LoadedLibraries.contains(PYTORCH_FOR_CUDA)) {
      return 0;
    }
    try {
      CudaLibraries.CUDA.require();
    } catch (IllegalStateException e) {
      LOG.warn("No GPU is seen: {}", e.getMessage());
      return 0;
    }
    int[] count = new int[1];
    int result = cudart.cudaGetDeviceCount(count);
    if (result != cudart.cudaSuccess) {
      cudart.cudaGetLastError();
      LOG.warn("No GPU is seen: {} ({}).", cudart.cudaGetErrorString(result).getString(), result);
      return 0;
    }
    return count[0];
  }

  /**
   * A GPU.
   *
   * @throws IllegalStateException if CUDA does not load here
   */
  public static Gpu of(int number) {
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

  /**
   * Bytes of its memory that nobody has taken.
   *
   * @throws IllegalStateException if CUDA fails
   */
  public long freeMemory() {
    select();
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer all = new SizeTPointer(1)) {
      check("cudaMemGetInfo", cudart.cudaMemGetInfo(free, all));
      return free.get();
    }
  }

  /**
   * Fails unless the call of the CUDA runtime succeeded. The runtime forgets the error then, which
   * PyTorch would take for one of its own next launch.
   *
   * @throws IllegalStateException with the name of the call and what CUDA says
   */
  void check(String call, int result) {
    if (result != cudart.cudaSuccess) {
      cudart.cudaGetLastError();
      throw failure(call, cudart.cudaGetErrorString(result).getString(), result);
    }
  }

  IllegalStateException failure(String call, String error, int result) {
    return new IllegalStateException(
        "%s on GPU %s failed: %s (%s).".formatted(call, number, error, result));
  }
}
