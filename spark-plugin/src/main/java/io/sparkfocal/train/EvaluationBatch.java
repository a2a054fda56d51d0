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

  /** Bytes of the rows that are taken at once. */
  static long budget(Device device) {
    return device.isGpu() ? GPU_BYTES : HOST_BYTES;
  }

  /** Rows of a batch, from 1 to {@link #MOST_ROWS}. */
  static long rows(Block network, int classes, Device device) {
    return rows(network, featureBytes(network), classes, device);
  }

  /** As above, where the features of a row take so many bytes. */
  static long rows(Block network, long featureBytes, int classes, Device device) {
    long bytes = bytesPerRow(network, featureBytes, classes);
    return Math.max(1, Math.min(MOST_ROWS, budget(device) / bytes));
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
    return bytesPerRow(network, featureBytes(network), classes);
  }

  private static long bytesPerRow(Block network, long featureBytes, int classes) {
    long input = featureBytes + Long.BYTES + Float.BYTES;
    return input + ActivationBytes.perRow(network) + bytesOfLoss(network, classes);
  }

  /** Where the rows are put together, and a copy in another data type or on another device. */
  static long featureBytes(Block network) {
    return 2 * values(network.getInputShapes()) * Float.BYTES;
  }

  static long values(Shape[] shapes) {
    return Arrays.stream(shapes).mapToLong(Shape::size).sum();
  }
}
