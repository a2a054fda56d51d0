package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * Where one parameter lies in the flat tensor.
 *
 * <p>Each begins at a multiple of 64 values, which are 256 bytes, and zeros fill the gaps: kernels
 * of cuBLAS and cuDNN with wide loads need an aligned address, and PyTorch aligns tensors likewise.
 *
 * @param name name within the network, as {@code Block.getParameters()} gives it
 * @param shape shape of the parameter
 * @param offset index of its first value
 * @param rateFactor what the learning rate is multiplied by for it
 */
public record ParameterSlice(String name, long[] shape, long offset, double rateFactor) {

  private static final int ALIGNMENT = 64;

  /** Where the next parameter lies, or the tensor ends. */
  public long end() {
    return (offset + size() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** How many values it has. */
  public long size() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Its values in a flat tensor, as a view of its shape without a graph. */
  NDArray of(NDArray flat) {
    return flat.get(offset + ":" + (offset + size())).reshape(new Shape(shape)).stopGradient();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ParameterSlice that
        && name.equals(that.name)
        && offset == that.offset
        && rateFactor == that.rateFactor
        && Arrays.equals(shape, that.shape);
  }

  @Override
  public int hashCode() {
    return name.hashCode() * 31 + Long.hashCode(offset);
  }

  @Override
  public String toString() {
    String place = name + Arrays.toString(shape) + "@" + offset;
    return rateFactor == 1 ? place : place + " at " + rateFactor + " of the learning rate";
  }
}
