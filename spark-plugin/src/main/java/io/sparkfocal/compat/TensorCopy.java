package io.sparkfocal.compat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import java.util.function.Function;

/**
 * Copies values into the memory that a tensor already has.
 *
 * <p>{@code NDArray.copyTo} and {@code set(Buffer)} give the target new storage, so that a view no
 * longer lies in the tensor it was cut from.
 */
public final class TensorCopy {

  private TensorCopy() {}

  /**
   * Replaces the values of {@code target} by those of {@code source}, of the same shape and device.
   */
  public static void into(NDArray target, NDArray source) {
    if (target.isEmpty()) {
      return;
    }
    if (target.getShape().isScalar()) {
      // Without a dimension there is nothing to index.
      try (NDArray one = target.reshape(1);
          NDArray value = source.reshape(1)) {
        into(one, value);
      }
      return;
    }
    target.set(new NDIndex().addAllDim(target.getShape().dimension()), source);
  }

  /**
   * The values on the host.
   *
   * <p>{@code toFloatArray} of a tensor on a GPU leaves a copy behind until the tensor's manager is
   * closed.
   */
  public static float[] floats(NDArray array) {
    return onHost(array, NDArray::toFloatArray);
  }

  /** As {@link #floats}, of float64. */
  public static double[] doubles(NDArray array) {
    return onHost(array, NDArray::toDoubleArray);
  }

  private static <T> T onHost(NDArray array, Function<NDArray, T> read) {
    if (!array.getDevice().isGpu()) {
      return read.apply(array);
    }
    try (NDManager host = NDManager.newBaseManager(Device.cpu(), "PyTorch");
        NDArray copy = to(host, array)) {
      NDScope.unregister(copy);
      return read.apply(copy);
    }
  }

  /**
   * A copy on another device, which belongs to a manager of that device.
   *
   * <p>DJL makes a manager for each such copy, which would stay until that of the source is closed.
   *
   * @param manager on the device
   */
  public static NDArray to(NDManager manager, NDArray source) {
    NDArray copy = source.toDevice(manager.getDevice(), true);
    NDManager own = copy.getManager();
    copy.attach(manager);
    if (own != source.getManager()) {
      own.close();
    }
    return copy;
  }
}
