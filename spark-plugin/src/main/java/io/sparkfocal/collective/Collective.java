package io.sparkfocal.collective;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The operations that the ranks of one training run perform together.
 *
 * <p>Every rank calls the same operations, in the same order, with buffers of the same size; a rank
 * that breaks this rule, or leaves, fails the operation on the others. An instance belongs to one
 * rank and is used by one thread at a time, but for {@link #abort}, which any thread may call.
 *
 * <p>Buffers are direct, in native byte order, and are used from index 0 to {@code limit()},
 * whatever their position; position and limit are left as they were.
 */
public interface Collective extends AutoCloseable {

  /** This rank's number, from 0 to {@code world() - 1}. */
  int rank();

  /** How many ranks take part. */
  int world();

  /**
   * Replaces float32 values by their sums over all ranks.
   *
   * <p>Every rank ends with the same bits. The order of summation depends on rank numbers alone.
   *
   * @param values direct buffer of float32, limit a multiple of four; may be empty
   * @throws IllegalArgumentException if the buffer is not direct, not in native order or not whole
   *     floats
   * @throws CollectiveException if a peer left, stalled past the time limit or called something
   *     else
   */
  default void allReduce(ByteBuffer values) {
    allReduce(values, Precision.FLOAT32);
  }

  /** How many bits of a value travel. */
  enum Precision {
    /** All 32. */
    FLOAT32,
    /** The upper half, as bfloat16; sums are made in float32 and rounded between ranks. */
    BFLOAT16
  }

  /**
   * As above, with values of that precision on their way.
   *
   * <p>Where values do not travel between processes, or the collective knows no other way, it is
   * float32 all the same.
   */
  void allReduce(ByteBuffer values, Precision precision);

  /**
   * Replaces the bytes of every rank by those of one.
   *
   * @param bytes direct buffer of the same limit on every rank; may be empty
   * @param root the rank whose bytes are kept
   * @throws IllegalArgumentException if the buffer is not direct or root is no rank
   * @throws CollectiveException as for {@link #allReduce}
   */
  void broadcast(ByteBuffer bytes, int root);

  /**
   * Returns when every rank has called it, with its operations before done.
   *
   * @throws CollectiveException as for {@link #allReduce}
   */
  void barrier();

  /** Where the buffers' addresses are. */
  enum Memory {
    /** In this process. */
    HOST,
    /** On the rank's GPU: nobody but the collective may follow them. */
    DEVICE
  }

  /** Where the buffers' addresses are. */
  default Memory memory() {
    return Memory.HOST;
  }

  /**
   * Returns when the operations so far are done and none of them was ended before. Only a
   * collective on device memory returns from an operation before that; its buffers may hold
   * anything until then, and for ever where it fails.
   *
   * @throws CollectiveException as for {@link #allReduce}
   */
  default void finish() {}

  /**
   * Why operations of this rank fail: it or a peer gave up, or a peer left; null while they work.
   */
  @Nullable String failure();

  /** Whether this rank or a peer gave up. */
  boolean isAborted();

  /**
   * Makes the current and every later operation of this rank and of its peers fail with {@code
   * reason}, as it is. The first reason counts; may be called from any thread; never blocks.
   */
  void abort(String reason);

  /** Releases threads, sockets and memory. Idempotent; never throws. */
  @Override
  void close();
}
