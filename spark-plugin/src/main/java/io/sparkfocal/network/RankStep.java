package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.collective.TensorCollective;

/**
 * What a layer may know of the training step it runs in: seed, step number, rank, the other ranks,
 * and the tape that carries gradients over places where autograd is cut.
 *
 * <p>Belongs to one rank and its thread.
 */
public final class RankStep {

  private final long seed;
  private final TensorCollective collective;
  private final DropoutMask masks;
  private final BackwardTape tape = new BackwardTape();
  private long number;

  /** A run with this seed on this rank, before its first step; masks are made on the host. */
  public RankStep(long seed, TensorCollective collective) {
    this(seed, collective, DropoutMask::onHost);
  }

  /** As above, with masks that are made elsewhere. */
  public RankStep(long seed, TensorCollective collective, DropoutMask masks) {
    this.seed = seed;
    this.collective = collective;
    this.masks = masks;
  }

  /** Begins step {@code number}, with an empty tape. */
  public void begin(long number) {
    this.number = number;
    tape.clear();
  }

  /** The tape of the current step. */
  public BackwardTape tape() {
    return tape;
  }

  TensorCollective collective() {
    return collective;
  }

  /** The mask of one layer in this step on this rank, for an input of that shape and device. */
  NDArray dropoutMask(int layer, NDArray input, double rate) {
    CounterRandom random = CounterRandom.keyed(seed, number, collective.rank(), layer);
    return masks.of(input.getManager(), input.getShape(), random, rate);
  }
}
