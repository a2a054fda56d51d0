package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.Shuffle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Rows in host memory or a file, whose batches are made as they are asked for. */
final class HostShard implements Shard {

  private static final Logger LOG = LoggerFactory.getLogger(HostShard.class);

  private final RowSource source;
  private final NDManager manager;
  private boolean streams;

  /**
   * A shard of these rows, which it closes.
   *
   * @param manager on the device that trains
   */
  HostShard(RowSource source, NDManager manager) {
    this.source = source;
    this.manager = manager;
    this.streams = manager.getDevice().isGpu();
  }

  @Override
  public long rows() {
    return source.rows();
  }

  @Override
  public Batches ordered() {
    return batches(source.ordered());
  }

  @Override
  public Batches shuffled(Shuffle shuffle) {
    return batches(source.shuffled(shuffle));
  }

  private Batches batches(RowSource.Windows windows) {
    if (streams) {
      try {
        Device device = manager.getDevice();
        return new StreamedBatches(windows, source.width(), manager, device.getDeviceId());
      } catch (IllegalStateException e) {
        streams = false;
        LOG.warn("Every batch is waited for while it is copied to the GPU: {}", e.getMessage());
      }
    }
    return new HostBatches(windows, source.width(), manager);
  }

  @Override
  public void close() {
    source.close();
  }
}
