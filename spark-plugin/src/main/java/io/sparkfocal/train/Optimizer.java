package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.Serializable;
import java.util.List;

/**
 * An update rule over flat parameters, with its settings; made twice, since on a CPU one pass over
 * arrays is several times as fast as PyTorch's operations one by one, and a GPU needs the latter.
 *
 * <p>What a rule adds to a weight is proportional to the learning rate (see {@link RatedUpdate}).
 */
public sealed interface Optimizer extends Serializable permits AdamW, Sgd {

  /** A rule with state of its own for {@code weights}; the manager owns the state. */
  Updater on(NDArray weights, NDManager manager);

  /** A rule with state of its own for that many weights; the manager, of the host, owns it. */
  HostUpdater onHost(long weights, NDManager manager);

  /** How many values it remembers of each weight. */
  int momentCount();

  /** Changes the weights it was made for. */
  interface Updater {

    /**
     * Performs one update in place.
     *
     * @param gradients shape of the weights; may be changed
     * @param learningRate positive or zero
     */
    void update(NDArray gradients, double learningRate);

    /** What it remembers, shapes of the weights. */
    List<NDArray> moments();

    /** A copy of what it remembers, in the host's memory beside the heap; to be closed. */
    OptimizerState state();

    /**
     * Goes on from there.
     *
     * @throws IllegalArgumentException if another rule, or one for other weights, made the state
     */
    void restore(OptimizerState state);
  }

  /** Changes weights piece by piece. */
  interface HostUpdater {

    /** Weights of a piece at most. */
    int MOST = 2048;

    /** Begins an update with that learning rate, positive or zero. */
    void begin(double learningRate);

    /**
     * Updates weights {@code at} to {@code at + length}, which are the first {@code length} of the
     * array; gradients likewise.
     *
     * @param length at most {@link #MOST}
     */
    void update(long at, float[] weights, float[] gradients, int length);

    /** A copy of what it remembers, in the host's memory beside the heap; to be closed. */
    OptimizerState state();

    /** As {@link Updater#restore}. */
    void restore(OptimizerState state);
  }
}
