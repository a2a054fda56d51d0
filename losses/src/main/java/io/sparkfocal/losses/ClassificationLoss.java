package io.sparkfocal.losses;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * A loss for classification, as a description without tensors; immutable.
 *
 * <p>{@link #prepare} makes what evaluates it on one device. {@link DjlLoss} turns it into a DJL
 * {@code Loss}.
 */
public interface ClassificationLoss {

  /**
   * Makes the loss's constants (class weights, exponents) once, on the manager's device.
   *
   * @param manager owns the constants; the kernel lives as long as it
   * @param dataType of the logits: float32 or float64
   * @throws IllegalArgumentException if the type is another one
   */
  LossKernel prepare(NDManager manager, DataType dataType);
}
