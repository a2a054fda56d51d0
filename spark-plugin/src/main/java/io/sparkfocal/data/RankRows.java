package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
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

/** The rows of one rank, for training and for validation. */
public final class RankRows implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RankRows.class);
  private static final int BLOCK_BYTES = 64 << 20;

  private final ShardRows training;
  private final ShardRows validation;
  private final List<Shard> shards = new ArrayList<>();
  private final boolean sparse;
  private final FeatureStatistics statistics;
  private Standardization standardization;

  /**
   * Rows of slices of blocks.
   *
   * @param width features of a row
   * @param sparse whether most of them are 0, so that batches have the others alone
   */
  public RankRows(
      int width,
      boolean sparse,
      List<BlockSlice> training,
      List<BlockSlice> validation,
      BlockSource source) {
    this.sparse = sparse;
    this.training = new ShardRows(width, training, source);
    this.validation = new ShardRows(width, validation, source);
    this.statistics = new FeatureStatistics(width);
    this.standardization = Standardization.none(width);
  }

  /** How many training rows there are. */
  public long trainingRows() {
    return training.rows();
  }

  /** How many validation rows there are. */
  public long validationRows() {
    return validation.rows();
  }

  /** Reads the training rows for {@link #standardization}; takes as long as reading them does. */
  public void measure() {
    statistics.add(training);
  }

  /** By the training rows of all ranks, which all of them ask for together. */
  public Standardization standardization(TensorCollective ranks, NDManager manager) {
    return statistics.overRanks(ranks, manager).standardization(sparse);
  }

  /** All rows come standardized from now on. */
  public void standardize(Standardization values) {
    standardization = values;
  }

  /** The training rows for training on the manager's device. */
  public Shard training(NDManager manager, FusedKernels kernels) {
    return shard(training, manager, kernels);
  }

  /** The validation rows for training on the manager's device. */
  public Shard validation(NDManager manager, FusedKernels kernels) {
    return shard(validation, manager, kernels);
  }

  private Shard shard(ShardRows rows, NDManager manager, FusedKernels kernels) {
    HostShard onHost = new HostShard(rows, standardization, sparse, manager);
    shards.add(onHost);
    Device device = manager.getDevice();
    return device.isGpu() && !sparse && fits(rows, device)
        ? kernels.shard(moved(onHost, rows, manager), rows::order)
        : onHost;
  }

  /** Into half of the device's memory, as far as CUDA tells it; the network needs the rest. */
  private static boolean fits(ShardRows rows, Device device) {
    long bytes = rows.rows() * RowCursor.Target.bytes(rows.width());
    try {
      return bytes <= Gpu.of(device.getDeviceId()).freeMemory() / 2;
    } catch (IllegalStateException e) {
      LOG.warn("Rows go to the GPU without a look at its memory: {}", e.getMessage());
      return true;
    }
  }

  /** To the device, once, block by block. */
  private Batch moved(HostShard shard, ShardRows rows, NDManager manager) {
    Batch all = Batch.allocate(manager, rows.rows(), rows.width());
    int blockRows = Math.max(1, BLOCK_BYTES / Float.BYTES / rows.width());
    try (shard;
        Batches batches =
            new HostBatches(
                new RowCursor(rows.ordered(), rows.width(), standardization), false, manager)) {
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

  /** Frees what shards of the rows keep. */
  @Override
  public void close() {
    shards.forEach(Shard::close);
  }
}
