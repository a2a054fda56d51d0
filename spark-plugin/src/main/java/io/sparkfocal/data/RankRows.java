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
import org.jspecify.annotations.Nullable;
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
  private final FeaturePlan plan;
  private final FeatureStatistics statistics;
  private final TableStatistics ofTable;
  private final @Nullable PixelCounts pixels;
  private FeatureEncoding encoding;

  /**
   * Rows of slices of blocks.
   *
   * @param width features of a row
   * @param targets of a row with several labels; 0 where it has a class
   * @param plan how they are encoded
   * @param sparse whether most of them are 0, so that batches have the others alone
   */
  public RankRows(
      int width,
      int targets,
      FeaturePlan plan,
      boolean sparse,
      List<BlockSlice> training,
      List<BlockSlice> validation,
      BlockSource source) {
    this.sparse = sparse;
    this.training = new ShardRows(width, targets, training, source);
    this.validation = new ShardRows(width, targets, validation, source);
    this.plan = plan;
    boolean hasNumbers = plan.images() == null && plan.kind() == FeaturePlan.Kind.STANDARDIZED;
    this.statistics = new FeatureStatistics(hasNumbers ? width : 0);
    this.pixels = plan.images() == null ? null : new PixelCounts(plan.images());
    this.ofTable = new TableStatistics(plan);
    this.encoding = Standardization.none(width);
  }

  /** How many training rows there are. */
  public long trainingRows() {
    return training.rows();
  }

  /** How many validation rows there are. */
  public long validationRows() {
    return validation.rows();
  }

  /** Reads the training rows for {@link #encoding}; takes as long as reading them does. */
  public void measure() {
    switch (plan.kind()) {
      case STANDARDIZED -> {
        if (pixels == null) {
          statistics.add(training);
        } else {
          pixels.add(training);
        }
      }
      case TABLE -> ofTable.add(training);
      case PLAIN -> {}
    }
  }

  /** By the training rows of all ranks, which all of them ask for together. */
  public FeatureEncoding encoding(TensorCollective ranks, NDManager manager) {
    if (pixels != null) {
      return plan.kind() == FeaturePlan.Kind.PLAIN
          ? pixels.plain()
          : pixels.encoding(ranks, manager);
    }
    return switch (plan.kind()) {
      case STANDARDIZED -> statistics.overRanks(ranks, manager).standardization(sparse);
      case TABLE -> ofTable.encoding(ranks, manager);
      case PLAIN -> Standardization.none(training.width());
    };
  }

  /** All rows come encoded from now on. */
  public void encode(FeatureEncoding values) {
    encoding = values;
  }

  /** The training rows for training on the manager's device. */
  public Shard training(NDManager manager, FusedKernels kernels) {
    return shard(training, plan.augmentation(), manager, kernels);
  }

  /** The validation rows for training on the manager's device. */
  public Shard validation(NDManager manager, FusedKernels kernels) {
    return shard(validation, Augmentation.NONE, manager, kernels);
  }

  private Shard shard(
      ShardRows rows, Augmentation augmentation, NDManager manager, FusedKernels kernels) {
    HostShard onHost = new HostShard(rows, encoding, sparse, augmentation, manager);
    shards.add(onHost);
    Device device = manager.getDevice();
    return device.isGpu()
            && !sparse
            && augmentation.isNone()
            && fits(rows, encoding.inputs(), device)
        ? kernels.shard(moved(onHost, rows, manager), rows::order)
        : onHost;
  }

  /** Into half of the device's memory, as far as CUDA tells it; the network needs the rest. */
  private static boolean fits(ShardRows rows, int inputs, Device device) {
    long bytes = rows.rows() * RowCursor.Target.bytes(inputs, rows.targets());
    try {
      return bytes <= Gpu.of(device.getDeviceId()).freeMemory() / 2;
    } catch (IllegalStateException e) {
      LOG.warn("Rows go to the GPU without a look at its memory: {}", e.getMessage());
      return true;
    }
  }

  /** To the device, once, block by block. */
  private Batch moved(HostShard shard, ShardRows rows, NDManager manager) {
    Batch all = Batch.allocate(manager, rows.rows(), encoding.inputs(), rows.targets());
    int values = encoding.inputs() + rows.targets();
    int blockRows = Math.max(1, BLOCK_BYTES / Float.BYTES / values);
    try (shard;
        Batches batches =
            new HostBatches(
                new RowCursor(rows.ordered(), rows.width(), rows.targets(), encoding, null),
                false,
                manager)) {
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
