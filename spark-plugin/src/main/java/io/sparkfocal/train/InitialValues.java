package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.network.CounterRandom;
import io.sparkfocal.network.SeededInitializer;

/**
 * Values of new parameters, as a function of the seed and the parameter's position.
 *
 * <p>Weights are uniform in plus or minus 1 / sqrt(fan-in), as PyTorch's linear and convolution
 * layers begin, unless a parameter has a {@link SeededInitializer}; biases and the rest keep what
 * their type or initializer says. DJL's generator is not used: it belongs to the whole JVM and
 * cannot be saved.
 */
final class InitialValues {

  private InitialValues() {}

  /** Keeps {@code Block.initialize} from drawing weights that {@link #fill} would replace. */
  static void replaceRandomInitializers(Block network) {
    network.setInitializer(
        Initializer.ZEROS,
        parameter ->
            parameter.getType() == Parameter.Type.WEIGHT
                && !(parameter.getInitializer() instanceof SeededInitializer));
  }

  /** Fills {@code view}, the flat home of the {@code index}-th parameter. */
  static void fill(NDArray view, NDArray before, Parameter parameter, long seed, int index) {
    if (parameter.getInitializer() instanceof SeededInitializer seeded) {
      float[] values = seeded.values(CounterRandom.keyed(seed, index), view.getShape());
      try (NDArray flat = view.reshape(-1)) {
        new TensorFloats(flat).set(Floats.of(values));
      }
      return;
    }
    if (parameter.getType() != Parameter.Type.WEIGHT) {
      TensorCopy.into(view, before);
      return;
    }
    Shape shape = view.getShape();
    long fanIn = Math.max(1, shape.dimension() > 1 ? shape.slice(1).size() : shape.size());
    double bound = 1 / Math.sqrt((double) fanIn);
    CounterRandom random = CounterRandom.keyed(seed, index);
    try (NDArray flat = view.reshape(-1)) {
      new TensorFloats(flat)
          .set(
              new Floats() {
                @Override
                public long size() {
                  return shape.size();
                }

                @Override
                public void get(long at, float[] target, int length) {
                  for (int i = 0; i < length; i++) {
                    target[i] = (float) ((2 * random.nextFloat() - 1) * bound);
                  }
                }
              });
    }
  }
}
