package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.NonZeros;
import java.util.HashMap;
import java.util.Map;

/**
 * Batches of rows by their non-zeros, in tensors of the host that are used again and again; for a
 * GPU, values and columns are copied when they are asked for.
 */
final class SparseBatches implements Batches {

  private final RowCursor rows;
  private final NDManager manager;
  private final NDManager host;
  private final Map<Integer, NonZeroBatch> bySize = new HashMap<>();

  /** Rows that were read, but for whose copy memory did not suffice. */
  private int undelivered = -1;

  SparseBatches(RowCursor rows, NDManager manager) {
    this.rows = rows;
    this.manager = manager;
    this.host = manager.newSubManager(Device.cpu());
  }

  @Override
  public Batch next(int count) {
    NonZeroBatch place = bySize.computeIfAbsent(count, size -> new NonZeroBatch(size, host));
    if (undelivered != count) {
      place.begin();
      rows.read(count, place);
    }
    undelivered = count;
    Batch batch = manager.getDevice().isGpu() ? onDevice(place.batch()) : place.batch();
    undelivered = -1;
    return batch;
  }

  private Batch onDevice(Batch batch) {
    NonZeros nonZeros = java.util.Objects.requireNonNull(batch.nonZeros());
    NDArray columns = TensorCopy.to(manager, nonZeros.columns());
    return new Batch(
        TensorCopy.to(manager, batch.features()),
        TensorCopy.to(manager, batch.labels()),
        TensorCopy.to(manager, batch.weights()),
        new NonZeros(nonZeros.rowStarts(), columns));
  }

  @Override
  public void skip(long count) {
    rows.skip(count);
  }

  @Override
  public void close() {
    host.close();
  }
}
