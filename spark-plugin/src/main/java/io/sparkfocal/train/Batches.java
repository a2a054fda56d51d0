package io.sparkfocal.train;

/** The rows of a {@link Shard}, once, in some order. */
public interface Batches extends AutoCloseable {

  /**
   * The next rows; good until the next call.
   *
   * @param rows how many, at most as many as are left; may be 0
   */
  Batch next(int rows);

  /**
   * Passes over the next rows.
   *
   * @param rows how many, at most as many as are left
   */
  void skip(long rows);

  /** Frees what the batches were made of; the shard stays. */
  @Override
  void close();
}
