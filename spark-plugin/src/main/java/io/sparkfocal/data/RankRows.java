package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.cuda.Gpu;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.FusedKernels;
import io.sparkfocal.train.Shard;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rows that one rank has read, for training and for validation. */
public final class RankRows implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RankRows.class);
  private static final int BLOCK_BYTES = 64 << 20;

  private final RowSource training;
  private final RowSource validation;
  private final List<Shard> shards = new ArrayList<>();

  RankRows(RowSource training, RowSource validation) {
    this.training = training;
    this.validation = validation;
  }

  /** How many training rows there are. */
  public long trainingRows() {
    return training.rows();
  }

  /** How many validation rows there are. */
  public long validationRows() {
    return validation.rows();
  }

  /** Whether rows had to be spilled to disk. */
  public boolean isSpilled() {
    return !training.isInMemory() || !validation.isInMemory();
  }

  /** Statistics of the training rows, as they were read. */
  public FeatureStatistics statistics() {
    List<FeatureStatistics> parts = new ArrayList<>();
    try (RowSource.Windows windows = training.ordered()) {
      for (var window = windows.next(); window != null; window = windows.next()) {
        parts.add(FeatureStatistics.of(window.store(), window.order()));
      }
    }
    return FeatureStatistics.merge(parts);
  }

  /** Standardizes all rows, once. */
  public void standardize(Standardization standardization) {
    training.standardize(standardization);
    validation.standardize(standardization);
  }

  /** The training rows for training on the manager's device. */
  public Shard training(NDManager manager, FusedKernels kernels) {
    return shard(training, manager, kernels);
  }

  /** The validation rows for training on the manager's device. */
  public Shard validation(NDManager manager, FusedKernels kernels) {
    return shard(validation, manager, kernels);
  }

  private Shard shard(RowSource rows, NDManager manager, FusedKernels kernels) {
    HostShard onHost = new HostShard(rows, manager);
    shards.add(onHost);
    Device device = manager.getDevice();
    return device.isGpu() && rows.isInMemory() && fits(rows, device)
        ? kernels.shard(moved(onHost, rows, manager))
        : onHost;
  }

  /** Into half of the device's memory, as far as CUDA tells it; the network needs the rest. */
  private static boolean fits(RowSource rows, Device device) {
    long bytes = rows.rows() * RowCursor.Target.bytes(rows.width());
    try {
      return bytes <= Gpu.of(device.getDeviceId()).freeMemory() / 2;
    } catch (IllegalStateException e) {
      LOG.warn("Rows go to the GPU without a look at its memory: {}", e.getMessage());
      return true;
    }
  }

  /** To the device, once, block by block. */
  private static Batch moved(HostShard shard, RowSource rows, NDManager manager) {
    Batch all = Batch.allocate(manager, rows.rows(), rows.width());
    int blockRows = Math.max(1, BLOCK_BYTES / Float.BYTES / rows.width());
    try (shard;
        Batches batches = new HostBatches(rows.ordered(), rows.width(), manager)) {
      for (long from = 0; from < rows.rows(); from += blockRows) {
        long to = Math.min(rows.rows(), from + blockRows);
        Batch block = batches.next((int) (to - from));
        Batch place = all.rows(from, to);
        TensorCopy.into(place.features(), block.features());
        TensorCopy.into(place.labels(), block.labels());
        TensorCopy.into(place.weights(), block.weights());
        place.close();
        block.close();
      }
    }
    return all;
  }

  /** Frees the rows, and what shards of them keep on the host. */
  @Override
  public void close() {
    try (training;
        validation) {
      shards.forEach(Shard::close);
    }
  }
}
