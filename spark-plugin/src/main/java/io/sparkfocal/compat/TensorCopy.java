package io.sparkfocal.compat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;

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
    target.set(new NDIndex().addAllDim(target.getShape().dimension()), source);
  }
}
