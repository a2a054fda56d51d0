package io.sparkfocal.export;

import io.sparkfocal.persist.SafetensorsWriter;
import io.sparkfocal.train.Floats;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Numbers that a model has, as weights, knots or means: float32, float64 or int64. */
final class Tensor implements Operand {

  private static final int PIECE = 1 << 17;

  private final String name;
  private final boolean isTrained;
  private final long[] shape;
  private final Object array;

  private Tensor(String name, boolean isTrained, long[] shape, Object array) {
    this.name = name;
    this.isTrained = isTrained;
    this.shape = shape;
    this.array = array;
    long size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (size != length()) {
      throw new IllegalArgumentException(
          "Tensor %s of shape %s has %s values.".formatted(name, Arrays.toString(shape), length()));
    }
  }

  /** Weights, shared with the array. */
  static Tensor trained(String name, long[] shape, float... values) {
    return new Tensor(name, true, shape, values);
  }

  /** Numbers that no training changed. */
  static Tensor of(String name, long[] shape, double... values) {
    return new Tensor(name, false, shape, values);
  }

  /** Indices. */
  static Tensor of(String name, long[] shape, long... values) {
    return new Tensor(name, false, shape, values);
  }

  /** An identifier in Python. */
  String name() {
    return name;
  }

  /** Whether it is a weight. */
  boolean isTrained() {
    return isTrained;
  }

  long[] shape() {
    return shape;
  }

  @Override
  public NumberType type() {
    return array instanceof float[]
        ? NumberType.FLOAT
        : array instanceof double[] ? NumberType.DOUBLE : NumberType.LONG;
  }

  /** How many numbers there are. */
  int length() {
    return array instanceof float[] floats
        ? floats.length
        : array instanceof double[] doubles ? doubles.length : ((long[]) array).length;
  }

  /** Of all numbers. */
  long bytes() {
    return (long) length() * type().bytes();
  }

  /** Writes the numbers, little-endian, row by row, through a small buffer. */
  void write(OutputStream out) throws IOException {
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.min(PIECE, length()) * type().bytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < length(); at += PIECE) {
      int count = Math.min(PIECE, length() - at);
      if (array instanceof float[] floats) {
        buffer.asFloatBuffer().put(floats, at, count);
      } else if (array instanceof double[] doubles) {
        buffer.asDoubleBuffer().put(doubles, at, count);
      } else {
        buffer.asLongBuffer().put((long[]) array, at, count);
      }
      out.write(buffer.array(), 0, count * type().bytes());
    }
  }

  /** Adds it to a file of safetensors. */
  void addTo(SafetensorsWriter file) {
    if (array instanceof float[] floats) {
      file.add(name, shape, Floats.of(floats));
    } else if (array instanceof double[] doubles) {
      file.add(name, shape, doubles);
    } else {
      file.add(name, shape, (long[]) array);
    }
  }

  /** The doubles of a tensor that has some. */
  double[] doubles() {
    return (double[]) array;
  }
}
