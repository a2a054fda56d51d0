package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.function.Function;

/**
 * Rows that lie on the device which trains; batches are gathered there.
 *
 * @param rowsAsTensors all rows, in an order that depends on their content alone; closed with the
 *     shard
 * @param order the numbers of the rows in the order of a shuffle
 * @param gather makes the batches of a shuffled order
 */
record TensorShard(Batch rowsAsTensors, Function<Shuffle, int[]> order, Gather.Maker gather)
    implements Shard {

  @Override
  public long rows() {
    return rowsAsTensors.count();
  }

  @Override
  public Batches ordered() {
    return new Slices();
  }

  @Override
  public Batches shuffled(Shuffle shuffle) {
    return new Gathered(order.apply(shuffle));
  }

  @Override
  public void close() {
    rowsAsTensors.close();
  }

  private final class Slices implements Batches {

    private long taken;

    @Override
    public Batch next(int rows) {
      Batch batch = rowsAsTensors.rows(taken, taken + rows);
      taken += rows;
      return batch;
    }

    @Override
    public void skip(long rows) {
      taken += rows;
    }

    @Override
    public void close() {}
  }

  private final class Gathered implements Batches {

    private final NDManager manager = rowsAsTensors.labels().getManager().newSubManager();
    private final Gather rows;
    private long taken;

    Gathered(int[] order) {
      long[] numbers = Arrays.stream(order).asLongStream().toArray();
      NDArray onDevice = manager.create(numbers, new Shape(numbers.length));
      // Made inside a scope, it would be closed with the scope rather than with the manager.
      NDScope.unregister(onDevice);
      this.rows = gather.of(rowsAsTensors, onDevice);
    }

    @Override
    public Batch next(int count) {
      Batch batch = rows.rows(taken, count);
      taken += count;
      return batch;
    }

    @Override
    public void skip(long count) {
      taken += count;
    }

    @Override
    public void close() {
      manager.close();
    }
  }
}
