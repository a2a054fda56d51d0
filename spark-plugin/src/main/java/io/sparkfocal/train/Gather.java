package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;

/** Makes batches out of rows that lie on a device, in some order. */
@FunctionalInterface
interface Gather {

  /** Makes one. */
  @FunctionalInterface
  interface Maker {

    /**
     * For some rows, which outlive it.
     *
     * @param all the rows
     * @param order int64, numbers of rows
     */
    Gather of(Batch all, NDArray order);
  }

  /**
   * The rows at {@code count} places of the order, from {@code from} on, copied; count may be 0.
   */
  Batch rows(long from, int count);

  /** By PyTorch's operations. */
  static Gather composed(Batch all, NDArray order) {
    return (from, count) ->
        all.at(new NDIndex("{}", order.get(new NDIndex().addSliceDim(from, from + count))));
  }
}
