package io.sparkfocal.calibration;

/** Values rounded to float32 as whole numbers of 32 bits in the same order. */
final class FloatOrder {

  static final int BITS = 32;

  private FloatOrder() {}

  /** From 0 to 2^32 - 1. */
  static long key(double value) {
    int bits = Float.floatToIntBits((float) value + 0f);
    return (bits < 0 ? ~bits : bits ^ Integer.MIN_VALUE) & 0xFFFFFFFFL;
  }

  /** The value of a key. */
  static double value(long key) {
    int bits = (int) key;
    return Float.intBitsToFloat(bits < 0 ? bits ^ Integer.MIN_VALUE : ~bits);
  }
}
