package io.sparkfocal.data;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.cuda.UploadStream;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import org.jspecify.annotations.Nullable;

/**
 * Batches on a GPU, in two places: while it computes with one, the next is copied to the other from
 * pinned memory.
 */
final class StreamedBatches implements Batches {

  private final RowCursor rows;
  private final int width;
  private final int targets;
  private final NDManager manager;
  private final StagingPool pool;
  private final UploadStream stream;
  private @Nullable Place inUse;
  private @Nullable Place other;
  private int expected = -1;

  /**
   * Batches of these rows.
   *
   * @param manager on the GPU
   * @param pool to that GPU; outlives the batches
   */
  StreamedBatches(RowCursor rows, NDManager manager, StagingPool pool) {
    this.pool = pool;
    this.stream = pool.stream();
    this.rows = rows;
    this.width = rows.inputs();
    this.targets = rows.targets();
    this.manager = manager.newSubManager();
  }

  @Override
  public Batch next(int count) {
    if (expected < 0) {
      fetch(count);
    }
    if (expected != count || other == null) {
      throw new IllegalStateException(
          "A batch of " + expected + " rows was expected, but one of " + count + " is asked for.");
    }
    Place arrived = other;
    other = inUse;
    inUse = arrived;
    expected = -1;
    arrived.staging.arrive();
    // All that uses the other place has been given to the GPU by now.
    stream.noteCompute();
    return arrived.memory.rows(0, count);
  }

  @Override
  public void expect(int count) {
    fetch(count);
  }

  private void fetch(int count) {
    Place place = other;
    if (place == null || place.capacity < count) {
      if (place != null) {
        // Not to be found again, should there be no memory for another.
        other = null;
        place.close();
      }
      BatchMemory.require(count, width + targets);
      // Steps differ by a row.
      place = new Place(count + 1);
      other = place;
      // PyTorch may have given it memory that earlier work still reads.
      stream.noteCompute();
    }
    RowCursor.Target target = RowCursor.Target.in(place.staging.memory(), count, width, targets);
    rows.read(count, target);
    stream.waitForCompute();
    place.upload(count);
    expected = count;
  }

  @Override
  public void skip(long count) {
    rows.skip(count);
  }

  @Override
  public void close() {
    for (Place place : new @Nullable Place[] {inUse, other}) {
      if (place != null) {
        place.close();
      }
    }
    manager.close();
  }

  /** Pinned memory for a batch, and the tensors that it is copied to. */
  private final class Place {

    private final int capacity;
    private final UploadStream.Staging staging;
    private final Batch memory;

    Place(int capacity) {
      this.capacity = capacity;
      this.staging = pool.take(capacity * RowCursor.Target.bytes(width, targets));
      try {
        this.memory = Batch.allocate(manager, capacity, width, targets);
      } catch (RuntimeException e) {
        pool.giveBack(staging);
        throw e;
      }
    }

    void upload(int count) {
      staging.upload(memory.labels(), 0, RowCursor.Target.featuresAt(count, targets));
      staging.upload(
          memory.features(),
          RowCursor.Target.featuresAt(count, targets),
          (long) count * width * Float.BYTES);
      staging.upload(
          memory.weights(),
          RowCursor.Target.weightsAt(count, width, targets),
          (long) count * Float.BYTES);
      staging.end();
    }

    void close() {
      pool.giveBack(staging);
      memory.close();
    }
  }
}
