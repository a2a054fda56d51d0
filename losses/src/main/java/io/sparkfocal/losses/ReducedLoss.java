package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;

/**
 * A loss before its division: ranks, or micro-batches, add up both parts and divide once.
 *
 * @param sum scalar: sum of w_i value_i
 * @param weight scalar: what to divide by
 */
public record ReducedLoss(NDArray sum, NDArray weight) {

  /** sum / weight; 0 when the weight is 0. */
  public NDArray value() {
    NDArray smallest = weight.getManager().create(Float.MIN_NORMAL);
    return sum.div(NDArrays.maximum(weight, smallest.toType(weight.getDataType(), false)));
  }
}
