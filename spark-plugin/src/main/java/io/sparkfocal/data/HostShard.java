package io.sparkfocal.data;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.Shuffle;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Rows in Spark's block store, whose batches are made as they are asked for. */
final class HostShard implements Shard {

  private static final Logger LOG = LoggerFactory.getLogger(HostShard.class);

  private static final int NO_GPU = -1;

  private final ShardRows source;
  private final FeatureEncoding encoding;
  private final NDManager manager;
  private final int gpu;
  private final boolean sparse;
  private final Augmentation augmentation;
  private boolean streams;
  private @Nullable StagingPool pool;

  /**
   * A shard of these rows, whose batches are encoded.
   *
   * @param sparse whether batches have the non-zeros of rows
   * @param augmentation of the rows of shuffled batches
   * @param manager on the device that trains
   */
  HostShard(
      ShardRows source,
      FeatureEncoding encoding,
      boolean sparse,
      Augmentation augmentation,
      NDManager manager) {
    this(
        source,
        encoding,
        sparse,
        augmentation,
        manager,
        manager.getDevice().isGpu() ? manager.getDevice().getDeviceId() : NO_GPU);
  }

  /** As above, whose batches are streamed to the GPU of that number. */
  HostShard(
      ShardRows source,
      FeatureEncoding encoding,
      boolean sparse,
      Augmentation augmentation,
      NDManager manager,
      int gpu) {
    this.source = source;
    this.encoding = encoding;
    this.sparse = sparse;
    this.augmentation = augmentation;
    this.manager = manager;
    this.gpu = gpu;
    this.streams = gpu != NO_GPU;
  }

  @Override
  public long rows() {
    return source.rows();
  }

  @Override
  public Batches ordered() {
    return batches(source.ordered(), null);
  }

  @Override
  public Batches shuffled(Shuffle shuffle) {
    return batches(
        source.shuffled(shuffle), augmentation.isNone() ? null : augmentation.images(shuffle));
  }

  @Override
  public OptionalLong nonZerosPerRow() {
    return sparse ? OptionalLong.of(source.storedPerRow()) : OptionalLong.empty();
  }

  private Batches batches(ShardRows.Windows windows, Augmentation.@Nullable Images images) {
    RowCursor cursor = new RowCursor(windows, source.width(), source.targets(), encoding, images);
    if (streams && !sparse) {
      try {
        if (pool == null) {
          pool = new StagingPool(gpu);
        }
        return new StreamedBatches(cursor, manager, pool);
      } catch (IllegalStateException e) {
        streams = false;
        LOG.warn("Every batch is waited for while it is copied to the GPU: {}", e.getMessage());
      }
    }
    return new HostBatches(cursor, sparse, manager);
  }

  @Override
  public void close() {
    StagingPool used = pool;
    pool = null;
    if (used != null) {
      used.close();
    }
  }
}
