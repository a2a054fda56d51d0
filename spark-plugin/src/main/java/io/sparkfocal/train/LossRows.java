package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;

/**
 * Collects logits, labels and weights of parts of a batch until there are as many rows as a loss is
 * to see at once, for a loss whose rows depend on each other.
 *
 * <p>Where a group of rows begins and ends depends on nothing but the number of the row, so that
 * the loss is the same however memory has cut the forward pass.
 */
final class LossRows implements AutoCloseable {

  private final long most;
  private final NDManager manager;
  private final NDList logits = new NDList();
  private final NDList labels = new NDList();
  private final NDList weights = new NDList();
  private long rows;

  /**
   * Groups of so many rows; the last may be smaller.
   *
   * @param manager on the device of the rows; outlives the batches they come from
   */
  LossRows(long most, NDManager manager) {
    this.most = most;
    this.manager = manager;
  }

  /** How many rows there is still room for. */
  long room() {
    return most - rows;
  }

  boolean isEmpty() {
    return rows == 0;
  }

  /** Copies the logits, shape (b, C), and what else is needed of rows that there is room for. */
  void add(NDArray ofRows, Batch batch) {
    NDList copies =
        new NDList(ofRows.duplicate(), batch.labels().duplicate(), batch.weights().duplicate());
    // The scope of the caller closes them only if not all were made.
    NDScope.unregister(copies);
    // A copy belongs to the manager of the batches, which end before the group does.
    copies.attach(manager);
    logits.add(copies.get(0));
    labels.add(copies.get(1));
    weights.add(copies.get(2));
    rows += ofRows.getShape().get(0);
  }

  /** All rows together, in the scope of the caller: features are the logits. */
  Batch together() {
    return new Batch(NDArrays.concat(logits), NDArrays.concat(labels), NDArrays.concat(weights));
  }

  /** Begins the next group. */
  @Override
  public void close() {
    for (NDList list : new NDList[] {logits, labels, weights}) {
      list.forEach(NDArray::close);
      list.clear();
    }
    rows = 0;
  }
}
