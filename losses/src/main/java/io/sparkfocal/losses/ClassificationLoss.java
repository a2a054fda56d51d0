package io.sparkfocal.losses;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Set;

/**
 * A loss for classification, as a description without tensors.
 *
 * <p>Immutable and safe for use by several threads. {@link #prepare} turns it into a {@link
 * LossKernel} that computes. {@link LossContract} tells whether an implementation can be trusted.
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

  /**
   * As {@link #prepare(NDManager, DataType)}, for a training of several ranks.
   *
   * @param ranks what a loss of trait {@link LossTrait#COUPLES_ROWS} shares between the ranks goes
   *     through it; a loss without that trait must not use it, since ranks have to know beforehand
   *     that they meet within a step
   */
  default LossKernel prepare(NDManager manager, DataType dataType, RankSum ranks) {
    return prepare(manager, dataType);
  }

  /** How many logits a row has for this many classes; as many by default. */
  default int outputs(int classes) {
    return classes;
  }

  /** How logits become probabilities: by a softmax over classes unless this is true. */
  default boolean isSigmoid() {
    return false;
  }

  /** In what it is special; in nothing by default. */
  default Set<LossTrait> traits() {
    return Set.of();
  }
}
