package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.compat.TensorCopy;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an optimizer remembers from one update to the next.
 *
 * @param updates how many it has made
 * @param moments arrays by name, as long as the trained weights; with float16 also what {@link
 *     LossScale} remembers
 */
public record OptimizerState(long updates, Map<String, float[]> moments) {

  /** Sorts the arrays by name. */
  public OptimizerState {
    moments = new TreeMap<>(moments);
  }

  /**
   * Copies a moment into the array of an optimizer.
   *
   * @throws IllegalArgumentException if there is none of that name and length
   */
  void copyTo(String name, float[] target) {
    System.arraycopy(moment(name, target.length), 0, target, 0, target.length);
  }

  /** As above, into a tensor on any device. */
  void copyTo(String name, NDArray target) {
    try (NDArray moment =
        target.getManager().create(moment(name, target.size()), target.getShape())) {
      TensorCopy.into(target, moment);
    }
  }

  private float[] moment(String name, long length) {
    float[] moment = moments.get(name);
    if (moment == null || moment.length != length) {
      throw new IllegalArgumentException(
          "The state of the optimizer has %s, but needs %s of %s values; another one made it."
              .formatted(moments.keySet(), name, length));
    }
    return moment;
  }
}
