package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.OptionalLong;

/** A shard whose batches have the rows of another by their non-zeros. */
record NonZeroShard(Shard dense, long nonZeros) implements Shard {

  @Override
  public long rows() {
    return dense.rows();
  }

  @Override
  public OptionalLong nonZerosPerRow() {
    return OptionalLong.of(nonZeros);
  }

  @Override
  public Batches ordered() {
    return byNonZeros(dense.ordered());
  }

  @Override
  public Batches shuffled(Shuffle shuffle) {
    return byNonZeros(dense.shuffled(shuffle));
  }

  private static Batches byNonZeros(Batches batches) {
    return new Batches() {
      @Override
      public Batch next(int rows) {
        return byNonZeros(batches.next(rows));
      }

      @Override
      public void skip(long rows) {
        batches.skip(rows);
      }

      @Override
      public void close() {
        batches.close();
      }
    };
  }

  /** The same rows; behind the last value are others. */
  static Batch byNonZeros(Batch batch) {
    NDArray features = batch.features();
    int rows = (int) features.getShape().get(0);
    int width = (int) features.getShape().get(1);
    float[] dense = features.toFloatArray();
    int[] starts = new int[rows + 1];
    int[] columns = new int[dense.length + 3];
    float[] values = new float[dense.length + 3];
    int count = 0;
    for (int i = 0; i < dense.length; i++) {
      if (dense[i] != 0) {
        columns[count] = i % width;
        values[count++] = dense[i];
      }
      starts[i / width + 1] = count;
    }
    values[count] = Float.NaN;
    NDManager manager = features.getManager();
    return new Batch(
        manager.create(values),
        batch.labels(),
        batch.weights(),
        new NonZeros(manager.create(starts), manager.create(columns)));
  }

  @Override
  public void close() {
    dense.close();
  }
}
