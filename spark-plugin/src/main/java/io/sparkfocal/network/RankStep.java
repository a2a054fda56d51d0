package io.sparkfocal.network;

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
  private final BackwardTape tape = new BackwardTape();
  private long number;

  /** A run with this seed on this rank, before its first step. */
  public RankStep(long seed, TensorCollective collective) {
    this.seed = seed;
    this.collective = collective;
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

  /** A generator for one layer in this step on this rank. */
  CounterRandom random(int layer) {
    return CounterRandom.keyed(seed, number, collective.rank(), layer);
  }
}
