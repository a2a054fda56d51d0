package io.sparkfocal.compat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/** Changes the type of a tensor in a way that autograd can walk back. */
public final class TensorCast {

  private TensorCast() {}

  /**
   * The same values in another type; the tensor itself if it has that type.
   *
   * <p>{@code NDArray.toType} is never recorded; a sum in place with zeros of the other type is.
   */
  public static NDArray recorded(NDArray tensor, DataType type) {
    return tensor.getDataType() == type
        ? tensor
        : tensor.getManager().zeros(tensor.getShape(), type).addi(tensor);
  }
}
