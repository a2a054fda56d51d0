package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.train.Shard;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** Turns the rows of a {@link RowBuffer} into tensors in canonical order, standardized. */
public final class ShardBuilder {

  private static final int BLOCK_BYTES = 64 << 20;

  private final RowBuffer rows;
  private final int[] training;
  private final int[] validation;

  /** For these rows; puts them in canonical order. */
  public ShardBuilder(RowBuffer rows) {
    this.rows = rows;
    this.training = rows.trainingOrder();
    this.validation = rows.validationOrder();
  }

  /** How many training rows there are. */
  public long trainingRows() {
    return training.length;
  }

  /** How many validation rows there are. */
  public long validationRows() {
    return validation.length;
  }

  /** Statistics of this rank's training rows. */
  public FeatureStatistics statistics() {
    return FeatureStatistics.of(rows, training);
  }

  /** The training rows on the manager's device. */
  public Shard training(Standardization standardization, NDManager manager) {
    return build(training, standardization, manager);
  }

  /** The validation rows on the manager's device. */
  public Shard validation(Standardization standardization, NDManager manager) {
    return build(validation, standardization, manager);
  }

  private Shard build(int[] order, Standardization standardization, NDManager manager) {
    long[] labels = Arrays.stream(order).mapToLong(rows::label).toArray();
    float[] weights = new float[order.length];
    for (int i = 0; i < order.length; i++) {
      weights[i] = rows.weight(order[i]);
    }
    return new Shard(
        features(order, standardization, manager),
        manager.create(labels, new Shape(labels.length)),
        manager.create(weights, new Shape(weights.length)));
  }

  /** Block by block, since a direct buffer over a tensor cannot be larger than 2 GiB. */
  private NDArray features(int[] order, Standardization standardization, NDManager manager) {
    int width = rows.width();
    NDArray features = manager.create(new Shape(order.length, width), DataType.FLOAT32);
    int blockRows = Math.max(1, BLOCK_BYTES / Float.BYTES / width);
    for (int from = 0; from < order.length; from += blockRows) {
      int to = Math.min(order.length, from + blockRows);
      try (NDArray block = features.get(new NDIndex().addSliceDim(from, to))) {
        if (manager.getDevice().isGpu()) {
          try (NDManager host = manager.newSubManager(Device.cpu())) {
            NDArray staged = host.create(block.getShape(), DataType.FLOAT32);
            fill(staged, order, from, to, standardization);
            TensorCopy.into(block, staged.toDevice(manager.getDevice(), false));
          }
        } else {
          fill(block, order, from, to, standardization);
        }
      }
    }
    return features;
  }

  private void fill(NDArray block, int[] order, int from, int to, Standardization standardization) {
    FloatBuffer values = block.toByteBuffer(true).asFloatBuffer();
    for (int i = from; i < to; i++) {
      for (int j = 0; j < rows.width(); j++) {
        values.put(standardization.apply(rows.feature(order[i], j), j));
      }
    }
  }
}
