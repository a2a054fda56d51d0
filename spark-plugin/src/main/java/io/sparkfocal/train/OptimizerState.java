package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an optimizer remembers from one update to the next.
 *
 * @param updates how many it has made
 * @param moments values by name, as many as there are trained weights; also the averages of {@link
 *     AveragedWeights}, and with float16 what {@link LossScale} remembers
 */
public record OptimizerState(long updates, Map<String, Floats> moments) {

  /** Sorts the moments by name. */
  public OptimizerState {
    moments = new TreeMap<>(moments);
  }

  /**
   * Copies a moment into the memory of an optimizer.
   *
   * @throws IllegalArgumentException if there is none of that name and length
   */
  void copyTo(String name, TensorFloats target) {
    Floats moment = moments.get(name);
    if (moment == null || moment.size() != target.size()) {
      throw new IllegalArgumentException(
          "The state of the optimizer has %s, but needs %s of %s values; another one made it."
              .formatted(moments.keySet(), name, target.size()));
    }
    target.set(moment);
  }

  /** As above, into a vector on any device. */
  void copyTo(String name, NDArray target) {
    copyTo(name, new TensorFloats(target));
  }
}
