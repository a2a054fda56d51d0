package io.sparkfocal.job;

import java.util.Locale;

/** What a trained network must fit into on the driver, which keeps its parameters once. */
final class SizeLimits {

  private SizeLimits() {}

  private static final double PART = 0.7;

  /**
   * Requires that the heap of this process can hold a network.
   *
   * @param parameters values of the network
   * @throws IllegalArgumentException if it cannot
   */
  static void requireHeap(long parameters) {
    requireHeap(parameters, Runtime.getRuntime().maxMemory());
  }

  static void requireHeap(long parameters, long heap) {
    // Spark and the query have the rest.
    if (parameters > PART * heap / Float.BYTES) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "The network has %d parameters of 4 bytes each, but the heap of the driver, of which seven tenths are for the model, has %d bytes; raise spark.driver.memory or use a smaller network.",
              parameters,
              heap));
    }
  }
}
