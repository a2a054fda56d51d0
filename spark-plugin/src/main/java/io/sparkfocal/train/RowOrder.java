package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.network.CounterRandom;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/**
 * The order in which a rank visits its rows in one epoch, and which of them belong to each step.
 *
 * <p>A rank with n rows takes rows [i n / S, (i + 1) n / S) of its order in step i of S: each row
 * once per epoch, whatever the other ranks have.
 */
final class RowOrder {

  private final NDArray order;
  private final long rows;
  private final long steps;

  private RowOrder(NDArray order, long rows, long steps) {
    this.order = order;
    this.rows = rows;
    this.steps = steps;
  }

  /** A shuffle that depends on seed, epoch and rank alone (Fisher and Yates). */
  static RowOrder shuffled(
      NDManager manager, long rows, long steps, long seed, int epoch, int rank) {
    int size = Math.toIntExact(rows);
    ByteBuffer bytes = manager.allocateDirect(Math.multiplyExact(size, Long.BYTES));
    LongBuffer order = bytes.asLongBuffer();
    CounterRandom random = CounterRandom.keyed(seed, epoch, rank);
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      order.put(i, order.get(j));
      order.put(j, i);
    }
    return new RowOrder(manager.create(bytes, new Shape(rows), DataType.INT64), rows, steps);
  }

  /** Row numbers of a step, int64 of shape (b); b may be 0. */
  NDArray rowsOf(long step) {
    long from = bound(step);
    return order.get(from + ":" + bound(step + 1));
  }

  private long bound(long step) {
    return step * rows / steps;
  }
}
