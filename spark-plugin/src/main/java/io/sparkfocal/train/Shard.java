package io.sparkfocal.train;

import java.util.OptionalLong;

/** One rank's rows, wherever they are kept. */
public interface Shard extends AutoCloseable {

  /** How many rows it has; may be 0. */
  long rows();

  /**
   * How many non-zeros a row has on average, rounded up, where batches have {@link NonZeros}; empty
   * where they are dense. Shards of all ranks are of one kind, also those without rows.
   */
  default OptionalLong nonZerosPerRow() {
    return OptionalLong.empty();
  }

  /** All rows in an order that depends on their content alone. */
  Batches ordered();

  /** All rows in an order that depends on their content and the shuffle alone. */
  Batches shuffled(Shuffle shuffle);

  /** Frees the rows. Idempotent. */
  @Override
  void close();
}
