package io.sparkfocal.train;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * One of two ranks with device memory, which loses the other one: from some all-reduce on its
 * operations end like others and leave numbers that are no sums.
 */
final class LostRank implements Collective {

  /** When this rank hears of the loss. */
  enum Told {
    /** Before the operation ends: it aborted by itself. */
    AT_ONCE,
    /** In the next barrier: the abort of the other one was faster than its word. */
    IN_THE_BARRIER
  }

  static final String REASON = "Rank 1 of 2, host h, executor 1: was lost.";

  /** What a rank tells of the hash of its weights. */
  private static final int HASH_BYTES = 2 * Float.BYTES;

  private final int lostAt;
  private final float left;
  private final Told told;
  private int operations;
  private boolean isLost;
  private volatile @Nullable String failure;

  /**
   * A rank.
   *
   * @param lostAt number of the all-reduce that is the first to be ended, from 0, hashes not
   *     counted
   * @param left what it leaves in each place
   */
  LostRank(int lostAt, float left, Told told) {
    this.lostAt = lostAt;
    this.left = left;
    this.told = told;
  }

  /** How many all-reduces there were, but for those of hashes. */
  int operations() {
    return operations;
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int world() {
    return 2;
  }

  @Override
  public Memory memory() {
    return Memory.DEVICE;
  }

  /**
   * The other rank has no rows, and nothing to add but that it is done with its evaluation, and a
   * hash of its weights, which are the same.
   */
  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    requireRunning();
    ByteBuffer floats = values.duplicate().order(ByteOrder.nativeOrder());
    if (values.limit() == 2 * HASH_BYTES) {
      for (int at = 0; at < HASH_BYTES; at += Float.BYTES) {
        floats.putFloat(HASH_BYTES + at, floats.getFloat(at));
      }
    } else {
      isLost |= operations++ >= lostAt;
    }
    for (int at = 0; isLost && at < values.limit(); at += Float.BYTES) {
      floats.putFloat(at, left);
    }
    if (isLost && told == Told.AT_ONCE) {
      failure = REASON;
    }
  }

  @Override
  public void broadcast(ByteBuffer bytes, int root) {
    requireRunning();
  }

  @Override
  public void barrier() {
    finish();
    if (isLost) {
      failure = REASON;
      requireRunning();
    }
  }

  @Override
  public void finish() {
    requireRunning();
  }

  private void requireRunning() {
    String reason = failure;
    if (reason != null) {
      throw new CollectiveException(reason);
    }
  }

  @Override
  public @Nullable String failure() {
    return failure;
  }

  @Override
  public boolean isAborted() {
    return failure != null;
  }

  @Override
  public void abort(String reason) {
    failure = reason;
  }

  @Override
  public void close() {}
}
