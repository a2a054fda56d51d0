package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.Serializable;

/** An update rule over flat tensors, with its settings; {@link #on} gives it state. */
public sealed interface Optimizer extends Serializable permits AdamW, Sgd {

  /** A rule with state of its own for {@code weights}; the manager owns the state. */
  Updater on(NDArray weights, NDManager manager);

  /** Changes the weights it was made for. */
  interface Updater {

    /**
     * Performs one update in place.
     *
     * @param gradients shape of the weights; may be changed
     * @param learningRate positive or zero
     */
    void update(NDArray gradients, double learningRate);
  }
}
