package io.sparkfocal.train;

import io.sparkfocal.network.CounterRandom;

/** Random orders, one after the other, that depend on seed, epoch and rank alone. */
public final class Shuffle {

  private final CounterRandom random;

  private Shuffle(CounterRandom random) {
    this.random = random;
  }

  /** The orders of one epoch of one rank. */
  public static Shuffle of(long seed, int epoch, int rank) {
    return new Shuffle(CounterRandom.keyed(seed, epoch, rank));
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
