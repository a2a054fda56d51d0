package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * Where one parameter lies in the flat tensor.
 *
 * @param name name within the network, as {@code Block.getParameters()} gives it
 * @param shape shape of the parameter
 * @param offset index of its first value
 */
public record ParameterSlice(String name, long[] shape, long offset) {

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
        && Arrays.equals(shape, that.shape);
  }

  @Override
  public int hashCode() {
    return name.hashCode() * 31 + Long.hashCode(offset);
  }

  @Override
  public String toString() {
    return name + Arrays.toString(shape) + "@" + offset;
  }
}
