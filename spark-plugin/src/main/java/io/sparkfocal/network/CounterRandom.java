package io.sparkfocal.network;

/**
 * Random bits as a function of a key and a counter: nothing to save, nothing shared between ranks.
 *
 * <p>The finalizer of SplitMix64 (Steele, Lea and Flood 2014), over a counter with a Weyl
 * increment.
 */
public final class CounterRandom {

  private static final long WEYL = 0x9E3779B97F4A7C15L;

  private long state;

  private CounterRandom(long state) {
    this.state = state;
  }

  /** A generator whose sequence depends on all the keys and on nothing else. */
  public static CounterRandom keyed(long... keys) {
    long state = 0;
    for (long key : keys) {
      state = mix(state + WEYL + mix(key + WEYL));
    }
    return new CounterRandom(state);
  }

  /** From which, and its place, each of the next numbers is made. */
  public long state() {
    return state;
  }

  /** The next 64 bits. */
  public long nextLong() {
    state += WEYL;
    return mix(state);
  }

  /** The next number, uniform in [0, 1), with 24 random bits. */
  public float nextFloat() {
    return (nextLong() >>> 40) * 0x1.0p-24f;
  }

  /** The next number, uniform in [0, bound). */
  public int nextInt(int bound) {
    return (int) Math.multiplyHigh(nextLong() >>> 1, (long) bound << 1);
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
