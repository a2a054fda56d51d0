package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * Rows that lie on the device which trains; batches are gathered there.
 *
 * @param rowsAsTensors all rows, in an order that depends on their content alone; closed with the
 *     shard
 */
public record TensorShard(Batch rowsAsTensors) implements Shard {

  @Override
  public long rows() {
    return rowsAsTensors.labels().size();
  }

  @Override
  public Batches ordered() {
    return new Slices();
  }

  @Override
  public Batches shuffled(Shuffle shuffle) {
    return new Gathered(shuffle.order(Math.toIntExact(rows())));
  }

  @Override
  public void close() {
    rowsAsTensors.close();
  }

  private Batch at(NDIndex index) {
    return new Batch(
        rowsAsTensors.features().get(index),
        rowsAsTensors.labels().get(index),
        rowsAsTensors.weights().get(index));
  }

  private final class Slices implements Batches {

    private long taken;

    @Override
    public Batch next(int rows) {
      long from = taken;
      taken += rows;
      return at(new NDIndex().addSliceDim(from, taken));
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
    private final NDArray order;
    private long taken;

    Gathered(int[] order) {
      long[] numbers = Arrays.stream(order).asLongStream().toArray();
      this.order = manager.create(numbers, new Shape(numbers.length));
    }

    @Override
    public Batch next(int rows) {
      long from = taken;
      taken += rows;
      return at(new NDIndex("{}", order.get(new NDIndex().addSliceDim(from, taken))));
    }

    @Override
    public void skip(long rows) {
      taken += rows;
    }

    @Override
    public void close() {
      manager.close();
    }
  }
}
