package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/**
 * Raising to a fixed power: by multiplications where the exponent is a small whole number, which
 * costs a tenth of the general way.
 */
final class Power {

  private static final int MOST_FACTORS = 6;

  private final NDArray exponent;
  private final int factors;

  /**
   * A power.
   *
   * @param exponent finite, at least 0
   */
  Power(Constants constants, float exponent) {
    this.exponent = constants.vector(exponent);
    this.factors =
        exponent == Math.rint(exponent) && exponent <= MOST_FACTORS ? (int) exponent : -1;
  }

  /** The exponent, shape (1). */
  NDArray exponent() {
    return exponent;
  }

  /**
   * A new array.
   *
   * @param base at least 0
   */
  NDArray raise(NDArray base) {
    return switch (factors) {
      case -1 -> base.pow(exponent);
      case 0 -> base.onesLike();
      case 1 -> base.duplicate();
      default -> {
        NDArray product = base.mul(base);
        for (int i = 2; i < factors; i++) {
          product.muli(base);
        }
        yield product;
      }
    };
  }
}
