package io.sparkfocal.train;

/** The rows of a {@link Shard}, once, in some order. */
public interface Batches extends AutoCloseable {

  /**
   * The next rows; good until the next call. A call that memory does not suffice for takes none, so
   * that the next one brings the same rows.
   *
   * @param rows how many, at most as many as are left; may be 0
   */
  Batch next(int rows);

  /**
   * Says how many rows the next call of {@link #next} will ask for, so that they may come while the
   * device works. A call that fails changes nothing.
   *
   * @param rows at most as many as are left
   */
  default void expect(int rows) {}

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
