package io.sparkfocal.compat;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The memory of a tensor on a GPU as a direct buffer, whose address only the device may follow.
 *
 * <p>DJL has the native method, but gives it out for host tensors alone.
 */
public final class DeviceBuffer {

  private static final String LIBRARY = "ai.djl.pytorch.jni.PyTorchLibrary";

  private DeviceBuffer() {}

  /** Looked up once; initialised by the JVM under its lock. */
  private static final class Native {

    static final Object LIB;
    static final Method DIRECT_BUFFER;

    static {
      try {
        Class<?> type = Class.forName(LIBRARY);
        Field instance = type.getDeclaredField("LIB");
        instance.setAccessible(true);
        LIB = instance.get(null);
        DIRECT_BUFFER = type.getDeclaredMethod("torchDirectByteBuffer", long.class);
        DIRECT_BUFFER.setAccessible(true);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("This DJL has no " + LIBRARY + "; use DJL 0.35.", e);
      }
    }
  }

  /**
   * A buffer of the tensor's bytes, which must not be read or written by the host; good as long as
   * the tensor is.
   *
   * @param tensor contiguous, below 2 GiB
   */
  public static ByteBuffer of(NDArray tensor) {
    try {
      Object buffer = Native.DIRECT_BUFFER.invoke(Native.LIB, ((PtNDArray) tensor).getHandle());
      return ((ByteBuffer) buffer).order(ByteOrder.nativeOrder());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "The memory of a tensor of shape " + tensor.getShape() + " cannot be shared.", e);
    }
  }
}
