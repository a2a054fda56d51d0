package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Makes the masks of dropout: the same bits on every device. */
@FunctionalInterface
public interface DropoutMask {

  /** Numbers of a generator below this many of {@link #NUMBERS} mean 0. */
  long NUMBERS = 1 << 24;

  /**
   * A mask: 0 where the generator's next number is below the rate, 1 / (1 - rate) elsewhere.
   *
   * @param manager owns the mask, which is on its device
   * @param random one number for each value, in the order of the values
   * @param rate from 0 to below 1
   */
  NDArray of(NDManager manager, Shape shape, CounterRandom random, double rate);

  /** How many of {@link #NUMBERS} are below the rate. */
  static long threshold(double rate) {
    return (long) Math.ceil(rate * NUMBERS);
  }

  /** What values that stay are multiplied by. */
  static float scale(double rate) {
    return (float) (1 / (1 - rate));
  }

  /** One made on the host, and copied. */
  static NDArray onHost(NDManager manager, Shape shape, CounterRandom random, double rate) {
    int size = Math.toIntExact(shape.size());
    float scale = scale(rate);
    ByteBuffer bytes = manager.allocateDirect(size * Float.BYTES);
    FloatBuffer values = bytes.asFloatBuffer();
    for (int i = 0; i < size; i++) {
      values.put(i, random.nextFloat() < rate ? 0f : scale);
    }
    return manager.create(bytes, shape, DataType.FLOAT32);
  }
}
