package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;

/**
 * One rank's rows, on the device that trains.
 *
 * @param features float32 (n, F)
 * @param labels int64 (n)
 * @param weights float32 (n), sample weights
 */
public record Shard(NDArray features, NDArray labels, NDArray weights) {

  /** How many rows it has; may be 0. */
  public long rows() {
    return labels.size();
  }

  /** The rows that an int64 tensor of shape (b) names, in its order. */
  Shard gather(NDArray rows) {
    NDIndex index = new NDIndex("{}", rows);
    return new Shard(features.get(index), labels.get(index), weights.get(index));
  }

  /** Rows {@code from} to before {@code to}, as views. */
  Shard slice(long from, long to) {
    NDIndex range = new NDIndex().addSliceDim(from, to);
    return new Shard(features.get(range), labels.get(range), weights.get(range));
  }
}
