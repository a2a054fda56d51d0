package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import java.util.HashMap;
import java.util.Map;

/**
 * Batches in tensors of the host that are used again and again, so that on a CPU a batch costs no
 * operation of PyTorch; for a GPU they are copied when they are asked for.
 */
final class HostBatches implements Batches {

  private record Place(Batch batch, RowCursor.Target target) {}

  private final RowCursor rows;
  private final int width;
  private final NDManager manager;
  private final NDManager host;
  private final Map<Integer, Place> bySize = new HashMap<>();

  /** Rows that were read, but for whose copy memory did not suffice. */
  private int undelivered = -1;

  HostBatches(RowCursor rows, NDManager manager) {
    this.rows = rows;
    this.width = rows.width();
    this.manager = manager;
    this.host = manager.newSubManager(Device.cpu());
  }

  @Override
  public Batch next(int count) {
    Place place = bySize.computeIfAbsent(count, this::place);
    if (undelivered != count) {
      rows.read(count, place.target());
    }
    undelivered = count;
    Batch batch = manager.getDevice().isGpu() ? onDevice(place.batch()) : place.batch();
    undelivered = -1;
    return batch;
  }

  private Place place(int count) {
    BatchMemory.require(count, width);
    Batch batch = Batch.allocate(host, count, width);
    return new Place(
        batch,
        new RowCursor.Target(
            batch.features().toByteBuffer(true).asFloatBuffer(),
            batch.labels().toByteBuffer(true).asLongBuffer(),
            batch.weights().toByteBuffer(true).asFloatBuffer()));
  }

  private Batch onDevice(Batch batch) {
    NDArray features = TensorCopy.to(manager, batch.features());
    try {
      return new Batch(
          features,
          TensorCopy.to(manager, batch.labels()),
          TensorCopy.to(manager, batch.weights()));
    } catch (RuntimeException e) {
      features.close();
      throw e;
    }
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
