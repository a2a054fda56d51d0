package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;

/**
 * A loss and its gradient for each row of a batch, detached from any graph.
 *
 * @param values shape (B): the loss of each row, alpha included, at least 0
 * @param gradients shape (B, C): d values_i / d logits_i
 * @param weights shape (B): alpha of the row's class, what a weighted mean divides by
 */
public record RowLosses(NDArray values, NDArray gradients, NDArray weights)
    implements AutoCloseable {

  /** Takes the results out of a scope that is about to close and gives them to the outer one. */
  static RowLosses leaving(NDScope scope, NDManager manager, RowLosses rows) {
    NDArray[] arrays = {rows.values, rows.gradients, rows.weights};
    NDScope.unregister(arrays);
    scope.close();
    for (NDArray array : arrays) {
      if (array.getManager() != manager) {
        array.attach(manager);
      }
      NDScope.register(array);
    }
    return rows;
  }

  /** Frees the three tensors. Idempotent. */
  @Override
  public void close() {
    values.close();
    gradients.close();
    weights.close();
  }
}
