package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;

/**
 * Some rows, on the device that trains.
 *
 * @param features float32 (b, F)
 * @param labels int64 (b)
 * @param weights float32 (b), sample weights
 */
public record Batch(NDArray features, NDArray labels, NDArray weights) {}
