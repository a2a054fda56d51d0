package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.sparkfocal.network.ActivationBytes;
import java.util.Arrays;

/**
 * How many validation rows are taken at once: as many as fit a number of bytes, with their
 * features, what the layers make of them, and what the loss makes of the logits.
 */
final class EvaluationBatch {

  /** Counts of so many rows are exact in float32. */
  static final long MOST_ROWS = 8192;

  /** In the cache's reach, and little beside what PyTorch and a Java heap take. */
  static final long HOST_BYTES = 64L << 20;

  /** Enough for a GPU to be busy; one without it halves the batches. */
  static final long GPU_BYTES = 1L << 30;

  /**
   * Arrays of the shape of the logits: what a loss makes, its gradient, the logits with offsets,
   * and the members of each class, as booleans and as numbers.
   */
  private static final int ARRAYS_OF_LOGITS = 12;

  private EvaluationBatch() {}

  /** Rows of a batch, from 1 to {@link #MOST_ROWS}. */
  static long rows(Block network, int classes, Device device) {
    long budget = device.isGpu() ? GPU_BYTES : HOST_BYTES;
    return Math.max(1, Math.min(MOST_ROWS, budget / bytesPerRow(network, classes)));
  }

  /**
   * Rows of which a loss whose rows depend on each other sees the logits at once, from 1 to {@link
   * #MOST_ROWS}: the same on every device, since the loss depends on it.
   */
  static long rowsOfLoss(Block network, int classes) {
    return Math.max(1, Math.min(MOST_ROWS, HOST_BYTES / bytesOfLoss(network, classes)));
  }

  private static long bytesOfLoss(Block network, int classes) {
    long outputs = values(network.getOutputShapes(network.getInputShapes()));
    return ARRAYS_OF_LOGITS * Math.max(outputs, classes) * Float.BYTES;
  }

  /**
   * What a row needs.
   *
   * @param network one that is initialised
   */
  static long bytesPerRow(Block network, int classes) {
    Shape[] inputs = network.getInputShapes();
    // Where the rows are put together, and a copy in another data type or on another device.
    long input = 2 * values(inputs) * Float.BYTES + Long.BYTES + Float.BYTES;
    return input + ActivationBytes.perRow(network) + bytesOfLoss(network, classes);
  }

  private static long values(Shape[] shapes) {
    return Arrays.stream(shapes).mapToLong(Shape::size).sum();
  }
}
