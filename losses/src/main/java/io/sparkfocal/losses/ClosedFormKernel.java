package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;

/**
 * Runs a closed form on a checked batch and closes every array that it made but the three results.
 */
final class ClosedFormKernel implements LossKernel {

  /** A closed form; may leave its intermediate arrays open. */
  @FunctionalInterface
  interface Formula {
    RowLosses apply(Batch batch);
  }

  private final DataType dataType;
  private final Formula formula;

  ClosedFormKernel(DataType dataType, Formula formula) {
    this.dataType = dataType;
    this.formula = formula;
  }

  @Override
  public RowLosses evaluate(NDArray logits, NDArray labels) {
    RowLosses rows;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      rows = formula.apply(Batch.of(logits, labels, dataType));
      NDScope.unregister(rows.values(), rows.gradients(), rows.weights());
    }
    // A scope of the caller owns what is made inside it, as with any other operation.
    NDScope.register(rows.values());
    NDScope.register(rows.gradients());
    NDScope.register(rows.weights());
    return rows;
  }
}
