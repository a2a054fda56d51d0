package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import org.jspecify.annotations.Nullable;

/** A kernel that closes every array which it made but the three results. */
abstract class ScopedKernel implements LossKernel {

  /** Computes; may leave intermediate arrays open. */
  abstract RowLosses compute(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights);

  /** Makes the operations of {@link #compute} on arrays of any implementation. */
  void trace(NDArray logits, NDArray labels) {
    compute(logits, labels, null);
  }

  @Override
  public final RowLosses evaluate(NDArray logits, NDArray labels) {
    return evaluate(logits, labels, null);
  }

  @Override
  public final RowLosses evaluate(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights) {
    RowLosses rows;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      rows = compute(logits, labels, sampleWeights);
      NDScope.unregister(rows.values(), rows.gradients(), rows.weights());
    }
    NDManager manager = logits.getManager();
    for (NDArray array : new NDArray[] {rows.values(), rows.gradients(), rows.weights()}) {
      if (array.getManager() != manager) {
        // An operation on a constant leaves its result with the manager of the constants.
        array.attach(manager);
      }
      // A scope of the caller owns what is made inside it, as with any other operation.
      NDScope.register(array);
    }
    return rows;
  }
}
