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
    static final Method IS_CONTIGUOUS;

    static {
      try {
        Class<?> type = Class.forName(LIBRARY);
        Field instance = type.getDeclaredField("LIB");
        instance.setAccessible(true);
        LIB = instance.get(null);
        DIRECT_BUFFER = method(type, "torchDirectByteBuffer");
        IS_CONTIGUOUS = method(type, "torchIsContiguous");
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("This DJL has no " + LIBRARY + "; use DJL 0.35.", e);
      }
    }

    private static Method method(Class<?> type, String name) throws NoSuchMethodException {
      Method method = type.getDeclaredMethod(name, long.class);
      method.setAccessible(true);
      return method;
    }

    static Object call(Method method, NDArray tensor) {
      try {
        return method.invoke(LIB, ((PtNDArray) tensor).getHandle());
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(
            "The memory of a tensor of shape " + tensor.getShape() + " cannot be shared.", e);
      }
    }
  }

  /**
   * A buffer of the tensor's bytes, which must not be read or written by the host; good as long as
   * the tensor is.
   *
   * @param tensor one that {@link #isShareable}
   */
  public static ByteBuffer of(NDArray tensor) {
    return ((ByteBuffer) Native.call(Native.DIRECT_BUFFER, tensor)).order(ByteOrder.nativeOrder());
  }

  /** Whether {@link #of} takes a tensor: its values lie one after the other, in less than 2 GiB. */
  public static boolean isShareable(NDArray tensor) {
    return fits(tensor) && isContiguous(tensor);
  }

  /** Whether the values of a tensor lie one after the other. */
  public static boolean isContiguous(NDArray tensor) {
    return (Boolean) Native.call(Native.IS_CONTIGUOUS, tensor);
  }

  /** A buffer that begins where a contiguous tensor does, and may end before it. */
  public static ByteBuffer beginning(NDArray tensor) {
    if (fits(tensor)) {
      return of(tensor);
    }
    try (NDArray flat = tensor.reshape(-1);
        NDArray first = flat.get("0:1")) {
      return of(first);
    }
  }

  private static boolean fits(NDArray tensor) {
    return tensor.size() * tensor.getDataType().getNumOfBytes() <= Integer.MAX_VALUE;
  }
}
