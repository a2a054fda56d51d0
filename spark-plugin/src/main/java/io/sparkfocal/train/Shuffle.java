package io.sparkfocal.train;

import io.sparkfocal.network.CounterRandom;

/** Random orders, one after the other, that depend on seed, epoch and rank alone. */
public final class Shuffle {

  /** So that what is drawn for rows has nothing to do with their order. */
  private static final long OF_ROWS = 0x726F7773L;

  private final long seed;
  private final int epoch;
  private final int rank;
  private final CounterRandom random;

  private Shuffle(long seed, int epoch, int rank) {
    this.seed = seed;
    this.epoch = epoch;
    this.rank = rank;
    this.random = CounterRandom.keyed(seed, epoch, rank);
  }

  /** The orders of one epoch of one rank. */
  public static Shuffle of(long seed, int epoch, int rank) {
    return new Shuffle(seed, epoch, rank);
  }

  /** Random numbers for the row at that place of the epoch, whatever was drawn before. */
  public CounterRandom ofRow(long place) {
    return CounterRandom.keyed(seed, epoch, rank, OF_ROWS, place);
  }

  /** The numbers below {@code size} in random order (Fisher and Yates, inside out). */
  public int[] order(int size) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
