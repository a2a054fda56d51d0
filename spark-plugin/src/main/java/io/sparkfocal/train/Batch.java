package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;

/**
 * Some rows, on the device that trains.
 *
 * @param features float32 (b, F)
 * @param labels int64 (b)
 * @param weights float32 (b), sample weights
 */
public record Batch(NDArray features, NDArray labels, NDArray weights) {

  /** Rows {@code from} to before {@code to}, as views. */
  Batch rows(long from, long to) {
    NDIndex range = new NDIndex().addSliceDim(from, to);
    return new Batch(features.get(range), labels.get(range), weights.get(range));
  }
}
