package io.sparkfocal.data;

/** Sorts hashes, several times as fast as a sort by comparisons. */
final class RadixSort {

  private static final int DIGIT_BITS = 11;
  private static final int LOW_BITS = 31;

  private RadixSort() {}

  /**
   * The keys in the signed order of their upper 33 bits; keys that agree in those stay as they
   * were. Uses up the array that it is given.
   */
  static long[] byUpperBits(long... keys) {
    long[] from = keys;
    long[] to = new long[keys.length];
    for (int shift = LOW_BITS; shift < Long.SIZE; shift += DIGIT_BITS) {
      int[] places = places(from, shift);
      for (long key : from) {
        to[places[digit(key, shift)]++] = key;
      }
      long[] sorted = to;
      to = from;
      from = sorted;
    }
    return from;
  }

  /** Where the keys of each digit begin. */
  private static int[] places(long[] keys, int shift) {
    int[] places = new int[1 << DIGIT_BITS];
    for (long key : keys) {
      places[digit(key, shift)]++;
    }
    int next = 0;
    for (int digit = 0; digit < places.length; digit++) {
      int count = places[digit];
      places[digit] = next;
      next += count;
    }
    return places;
  }

  /** With the sign turned round, so that negative keys come first. */
  private static int digit(long key, int shift) {
    return (int) ((key ^ Long.MIN_VALUE) >>> shift) & ((1 << DIGIT_BITS) - 1);
  }
}
