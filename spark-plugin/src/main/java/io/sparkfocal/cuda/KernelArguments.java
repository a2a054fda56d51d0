package io.sparkfocal.cuda;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.compat.DeviceBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * The one structure that a kernel takes, built member by member in the order of its declaration.
 *
 * <p>Lies in a buffer of Java, as does the array of one address that CUDA takes it by: JavaCPP
 * would register memory of its own under a lock, launch by launch.
 */
public final class KernelArguments {

  private static final int MOST_BYTES = 256;

  static {
    CudaLibraries.liftJavaCppsLimit();
  }

  private final ByteBuffer memory =
      ByteBuffer.allocateDirect(MOST_BYTES + Long.BYTES).order(ByteOrder.nativeOrder());
  private final ByteBuffer bytes = memory.slice(0, MOST_BYTES).order(ByteOrder.nativeOrder());

  /** Adds the address of a tensor's memory. */
  public KernelArguments add(NDArray contiguous) {
    return add(address(contiguous));
  }

  /** As above, or the null pointer. */
  public KernelArguments addOrNull(@Nullable NDArray contiguous) {
    return contiguous == null ? add(0L) : add(contiguous);
  }

  /** The address of a tensor's memory. */
  public static long address(NDArray contiguous) {
    return new Pointer(DeviceBuffer.beginning(contiguous)).address();
  }

  /** Adds a {@code long long}, or an address. */
  public KernelArguments add(long number) {
    // A structure begins on eight bytes, and so does each of its members of eight.
    bytes.position((bytes.position() + Long.BYTES - 1) / Long.BYTES * Long.BYTES);
    bytes.putLong(number);
    return this;
  }

  /** Adds a {@code float}. */
  public KernelArguments add(float number) {
    bytes.putFloat(number);
    return this;
  }

  /** An array whose only entry is the address of the structure; lives as long as this object. */
  PointerPointer<Pointer> parameters() {
    memory.putLong(MOST_BYTES, new Pointer(memory).address());
    return new PointerPointer<>(new Pointer(memory.slice(MOST_BYTES, Long.BYTES)));
  }
}
