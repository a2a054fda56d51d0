package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;

/** An update whose step never leaves the device; the rule itself is what subclasses differ in. */
abstract class DeviceUpdate implements WeightUpdate {

  static final float NORM_EPSILON = 1e-6f;

  private final TensorCollective collective;
  private final NDArray gradients;
  private final NDArray sums;
  private final NDArray totals;

  /** One value for all of them, since memory is short where they are discarded. */
  private final NDArray zero;

  /**
   * An update from gradients.
   *
   * @param gradients shape (m + 2): of the weights, then loss and weight of the rows of a step
   */
  DeviceUpdate(NDArray gradients, TensorCollective collective, NDManager manager) {
    this.collective = collective;
    this.gradients = gradients;
    this.sums = gradients.get(gradients.size() - FlatParameters.TAIL + ":");
    this.totals = manager.zeros(new Shape(FlatParameters.TAIL), DataType.FLOAT32);
    this.zero = manager.zeros(new Shape(1), DataType.FLOAT32);
  }

  /**
   * Updates the weights with what is in the gradients, adds the sums to the totals and zeroes
   * gradients and sums.
   *
   * @param sums loss and weight of the rows of this step, shape (2), a view behind the gradients
   * @param totals shape (2)
   */
  abstract void end(NDArray sums, NDArray totals, double learningRate);

  @Override
  public final void count(NDArray ofRows) {
    sums.addi(ofRows);
  }

  @Override
  public final void discard() {
    TensorCopy.into(gradients, zero);
  }

  @Override
  public final void apply(double learningRate) {
    collective.allReduce(gradients);
    end(sums, totals, learningRate);
  }

  @Override
  public final double[] takeTotals() {
    float[] values = TensorCopy.floats(totals);
    try (NDArray before = totals.duplicate()) {
      totals.subi(before);
    }
    return new double[] {values[0], values[1]};
  }
}
