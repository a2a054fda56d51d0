package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.NonZeros;
import java.util.HashMap;
import java.util.Map;

/**
 * Batches in tensors of the host that are used again and again, so that on a CPU a batch costs no
 * operation of PyTorch; for a GPU they are copied when they are asked for.
 */
final class HostBatches implements Batches {

  private final RowCursor rows;
  private final boolean sparse;
  private final NDManager manager;
  private final NDManager host;
  private final Map<Integer, Place> bySize = new HashMap<>();

  /** Rows that were read, but for whose copy memory did not suffice. */
  private int undelivered = -1;

  /**
   * Batches of the rows that a cursor reads.
   *
   * @param sparse whether they have the non-zeros of rows
   */
  HostBatches(RowCursor rows, boolean sparse, NDManager manager) {
    this.rows = rows;
    this.sparse = sparse;
    this.manager = manager;
    this.host = manager.newSubManager(Device.cpu());
  }

  /** Tensors of the host for a number of rows. */
  interface Place {

    /** Reads the next rows into them. */
    void fill(RowCursor rows);

    /** What was read last. */
    Batch batch();
  }

  @Override
  public Batch next(int count) {
    Place place = bySize.computeIfAbsent(count, this::place);
    if (undelivered != count) {
      place.fill(rows);
    }
    undelivered = count;
    Batch batch = manager.getDevice().isGpu() ? onDevice(place.batch()) : place.batch();
    undelivered = -1;
    return batch;
  }

  private Place place(int count) {
    return sparse
        ? new NonZeroBatch(count, rows.targets(), host)
        : new Dense(count, rows.inputs(), rows.targets(), host);
  }

  private static final class Dense implements Place {

    private final int count;
    private final Batch batch;
    private final RowCursor.Target target;

    Dense(int count, int width, int targets, NDManager host) {
      BatchMemory.require(count, width + targets);
      this.count = count;
      this.batch = Batch.allocate(host, count, width, targets);
      this.target =
          new RowCursor.Target(
              batch.features().toByteBuffer(true).asFloatBuffer(),
              batch.labels().toByteBuffer(true),
              batch.weights().toByteBuffer(true).asFloatBuffer());
    }

    @Override
    public void fill(RowCursor rows) {
      rows.read(count, target);
    }

    @Override
    public Batch batch() {
      return batch;
    }
  }

  /** All copies or none: who asks again would find less memory each time. */
  private Batch onDevice(Batch batch) {
    NonZeros nonZeros = batch.nonZeros();
    NDList copies = new NDList();
    try {
      copies.add(TensorCopy.to(manager, batch.features()));
      copies.add(TensorCopy.to(manager, batch.labels()));
      copies.add(TensorCopy.to(manager, batch.weights()));
      return new Batch(
          copies.get(0),
          copies.get(1),
          copies.get(2),
          nonZeros == null
              ? null
              : new NonZeros(nonZeros.rowStarts(), TensorCopy.to(manager, nonZeros.columns())));
    } catch (RuntimeException e) {
      copies.close();
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
