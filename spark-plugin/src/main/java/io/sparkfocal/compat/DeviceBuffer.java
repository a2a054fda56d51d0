package io.sparkfocal.compat;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
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

  /**
   * A buffer of the tensor's bytes, which must not be read or written by the host; good as long as
   * the tensor is.
   *
   * @param tensor contiguous, below 2 GiB
   */
  public static ByteBuffer of(NDArray tensor) {
    try {
      Class<?> type = Class.forName(LIBRARY);
      Field instance = type.getDeclaredField("LIB");
      instance.setAccessible(true);
      Method method = type.getDeclaredMethod("torchDirectByteBuffer", long.class);
      method.setAccessible(true);
      Object buffer = method.invoke(instance.get(null), ((PtNDArray) tensor).getHandle());
      return ((ByteBuffer) buffer).order(ByteOrder.nativeOrder());
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(
          "The memory of a tensor of shape " + tensor.getShape() + " cannot be shared.",
          e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This DJL has no " + LIBRARY + "; use DJL 0.35.", e);
    }
  }
}
