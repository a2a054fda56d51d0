package io.sparkfocal.data;

import io.sparkfocal.train.Shuffle;
import org.jspecify.annotations.Nullable;

/** The rows of a rank in canonical order, on the heap or in a file, as one window or many. */
interface RowSource extends AutoCloseable {

  /**
   * Some rows in memory.
   *
   * @param store has them
   * @param order their numbers, in the order in which they come
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Window(RowStore store, int[] order) {}

  /** Windows, one after the other. */
  interface Windows extends AutoCloseable {

    /** The next window; null after the last. */
    @Nullable Window next();

    @Override
    void close();
  }

  long rows();

  int width();

  /** All rows in canonical order. */
  Windows ordered();

  /** All rows in an order that depends on their content and the shuffle alone. */
  Windows shuffled(Shuffle shuffle);

  /** Rows come standardized from now on. */
  void standardize(Standardization standardization);

  /** Whether all rows lie on the heap. */
  boolean isInMemory();

  @Override
  void close();
}
