package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import io.sparkfocal.calibration.LogitLink;
import org.jspecify.annotations.Nullable;

/** A {@link LogitLink} with a temperature of 1, over logits where they lie: shape (b, outputs). */
final class TensorLink {

  private final LogitLink link;
  private final @Nullable NDArray offsets;

  /**
   * Of logits on a device.
   *
   * @param manager on the device; owns the offsets
   */
  TensorLink(LogitLink link, NDManager manager) {
    this.link = link;
    float[] values = new float[link.offsets().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) link.offsets()[i];
    }
    this.offsets = values.length == 0 ? null : manager.create(values);
  }

  /** The same for logits on the host. */
  LogitLink onHost() {
    return link;
  }

  private NDArray shifted(NDArray logits) {
    return offsets == null ? logits : logits.add(offsets);
  }

  /** The class with the largest probability, int64 (b). */
  NDArray predicted(NDArray logits) {
    NDArray shifted = shifted(logits);
    // Zeros made on the device, since a number of Java would be copied to it.
    return isOneLogit(shifted)
        ? shifted.gt(shifted.zerosLike()).toType(DataType.INT64, false).reshape(-1)
        : shifted.argMax(1);
  }

  /**
   * The logarithm of the probability of each row's class, float32 (b).
   *
   * @param labels int64 (b)
   */
  NDArray logLikelihoods(NDArray logits, NDArray labels) {
    NDArray shifted = shifted(logits.toType(DataType.FLOAT32, false));
    NDArray scores = shifted;
    if (isOneLogit(shifted)) {
      scores = NDArrays.concat(new NDList(shifted.zerosLike(), shifted), 1);
    } else if (link.sigmoid()) {
      scores = Activation.softPlus(shifted.neg()).neg();
    }
    return scores.logSoftmax(1).gather(labels.reshape(-1, 1), 1).reshape(-1);
  }

  private static boolean isOneLogit(NDArray logits) {
    return logits.getShape().get(1) == 1;
  }
}
