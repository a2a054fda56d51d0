package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import java.time.Duration;
import java.util.Arrays;

/**
 * A sum over ranks that waits for the slowest of them.
 *
 * <p>One rank may have most of the rows, and the others wait for it longer than for any step. So
 * the sum is asked for again and again until all ranks have their values: a rank that still works
 * takes part every few seconds, with nothing but that. What is timed is a batch and no whole pass.
 */
final class AwaitedSum {

  private static final Duration MOST_BETWEEN_SIGNS = Duration.ofSeconds(5);
  private static final int SIGNS_IN_A_WAIT = 4;

  private final int length;
  private final TensorCollective collective;
  private final NDManager manager;
  private final Duration betweenSigns;
  private long lastSign;

  /**
   * Of so many values.
   *
   * @param betweenSigns after how long a rank that still works tells the others so
   */
  AwaitedSum(int length, TensorCollective collective, NDManager manager, Duration betweenSigns) {
    this.length = length;
    this.collective = collective;
    this.manager = manager;
    this.betweenSigns = betweenSigns;
  }

  /** Well within the time that a rank waits for another. */
  static Duration betweenSigns(Duration timeout) {
    Duration part = timeout.dividedBy(SIGNS_IN_A_WAIT);
    return part.compareTo(MOST_BETWEEN_SIGNS) < 0 ? part : MOST_BETWEEN_SIGNS;
  }

  /** This rank begins to work. */
  void begin() {
    lastSign = System.nanoTime();
  }

  /** This rank still works. */
  void signIfDue() {
    if (collective.world() > 1 && System.nanoTime() - lastSign >= betweenSigns.toNanos()) {
      sum(new float[length + 1]);
      begin();
    }
  }

  /**
   * This rank is done.
   *
   * @param values of this rank
   * @param whileWaiting throws to end the wait
   * @return the sums over all ranks, once they are done too
   */
  float[] await(float[] values, Runnable whileWaiting) {
    float[] own = Arrays.copyOf(values, length + 1);
    own[length] = 1;
    float[] sums = sum(own);
    while (sums[length] != collective.world()) {
      whileWaiting.run();
      sums = sum(own);
    }
    return sums;
  }

  private float[] sum(float[] values) {
    try (NDArray tensor = manager.create(values)) {
      collective.allReduce(tensor);
      float[] sums = TensorCopy.floats(tensor);
      collective.confirm();
      return sums;
    }
  }
}
