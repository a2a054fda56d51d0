package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;

/**
 * Initial values of a parameter as a function of the run's seed and the parameter's position, where
 * the usual ones of a {@code WEIGHT} do not do. The parameter must be of another type.
 */
@FunctionalInterface
public interface SeededInitializer extends Initializer {

  /** All values, in the order of the shape. */
  float[] values(CounterRandom random, Shape shape);

  /** Zeros, which the training loop replaces; a network that only scores reads its values. */
  @Override
  default NDArray initialize(NDManager manager, Shape shape, DataType type) {
    return manager.zeros(shape, type);
  }

  /** A parameter that begins so. */
  default Parameter parameter(String name, Shape shape) {
    Parameter parameter =
        Parameter.builder()
            .setName(name)
            .setType(Parameter.Type.OTHER)
            .optInitializer(this)
            .build();
    parameter.setShape(shape);
    return parameter;
  }

  /** Uniform in plus or minus a bound. */
  static SeededInitializer uniform(double bound) {
    return (random, shape) -> {
      float[] values = new float[Math.toIntExact(shape.size())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) ((2 * random.nextFloat() - 1) * bound);
      }
      return values;
    };
  }

  /** A number of the normal distribution (Box and Muller 1958). */
  static double normal(CounterRandom random) {
    double radius = Math.sqrt(-2 * Math.log(1 - random.nextFloat()));
    return radius * Math.cos(2 * Math.PI * random.nextFloat());
  }
}
