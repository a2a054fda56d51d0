package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;

/** Dropout whose mask is shared by the members of an ensemble. */
final class SharedDropout {

  private final double rate;
  private final int layer;
  private final RankStep step;

  SharedDropout(double rate, int layer, RankStep step) {
    this.rate = rate;
    this.layer = layer;
    this.step = step;
  }

  /** Of hidden values of shape (K, B, H), while training. */
  NDArray of(NDArray hidden) {
    if (rate == 0) {
      return hidden;
    }
    NDArray mask = step.dropoutMask(layer, hidden.get(0), rate);
    return hidden.mul(mask.toType(hidden.getDataType(), false));
  }
}
