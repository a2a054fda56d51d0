package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;

/**
 * What a reduction leaves to divide: numerator and denominator of a batch, or of a part of it.
 *
 * <p>Parts are put together by adding sums and adding weights. (A {@link Reduction#SUM} has weight
 * 1 and is not divided: add its sums only.)
 *
 * @param sum scalar: the sum over rows of sample weight times value
 * @param weight scalar: the denominator, not negative
 */
public record ReducedLoss(NDArray sum, NDArray weight) implements AutoCloseable {

  /**
   * Returns sum / weight as a new scalar, and 0 where the weight is 0, as for a batch without rows.
   */
  public NDArray value() {
    try (NDArray divisor = divisor()) {
      return sum.div(divisor);
    }
  }

  /** The weight, or 1 where it is 0: every weight in it was 0 then, and so is the sum. */
  NDArray divisor() {
    try (NDArray zero = weight.zerosLike();
        NDArray one = weight.onesLike();
        NDArray positive = weight.gt(zero)) {
      return NDArrays.where(positive, weight, one);
    }
  }

  /** Closes both scalars. Idempotent. */
  @Override
  public void close() {
    sum.close();
    weight.close();
  }
}
