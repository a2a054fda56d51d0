package io.sparkfocal.train;

/** One rank's rows, wherever they are kept. */
public interface Shard extends AutoCloseable {

  /** How many rows it has; may be 0. */
  long rows();

  /** All rows in an order that depends on their content alone. */
  Batches ordered();

  /** All rows in an order that depends on their content and the shuffle alone. */
  Batches shuffled(Shuffle shuffle);

  /** Frees the rows. Idempotent. */
  @Override
  void close();
}
