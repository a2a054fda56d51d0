package io.sparkfocal.losses;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * A loss for classification, as a description without tensors.
 *
 * <p>Immutable and safe for use by several threads. {@link #prepare} turns it into a {@link
 * LossKernel} that computes.
 */
public interface ClassificationLoss {

  /**
   * Makes the constants of the loss (class weights, exponents) once, on the manager's device.
   *
   * @param manager owns the constants; the kernel lives as long as this manager and is not closed
   *     itself
   * @param dataType the type of the logits that the kernel will see, {@link DataType#FLOAT32} or
   *     {@link DataType#FLOAT64}
   * @throws IllegalArgumentException if the data type is another one
   */
  LossKernel prepare(NDManager manager, DataType dataType);
}
