package io.sparkfocal.collective.local;

import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Where the ranks of a {@link LocalGroup} wait for each other and show their buffers. */
final class MeetingPoint {

  /** What a rank brings: the operation it calls and its buffer. */
  record Offer(String operation, ByteBuffer buffer) {

    String describe() {
      return operation + " of " + buffer.limit() + " bytes";
    }
  }

  private final int world;
  private final Duration timeout;
  private final @Nullable Offer[] offers;
  private final boolean[] arrived;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int arrivals;
  private long generation;
  private @Nullable String failure;
  private boolean aborted;

  MeetingPoint(int world, Duration timeout) {
    this.world = world;
    this.timeout = timeout;
    this.offers = new Offer[world];
    this.arrived = new boolean[world];
  }

  int world() {
    return world;
  }

  /** Shows an offer, waits for those of all ranks and returns their buffers by rank. */
  List<ByteBuffer> exchange(int rank, Offer offer) {
    lock.lock();
    try {
      offers[rank] = offer;
    } finally {
      lock.unlock();
    }
    await(rank, offer.operation());
    lock.lock();
    try {
      for (int other = 0; other < world; other++) {
        Offer theirs = offerOf(other);
        if (!theirs.operation().equals(offer.operation())
            || theirs.buffer().limit() != offer.buffer().limit()) {
          throw failed(
              "Ranks called different operations: rank %s %s, rank %s %s."
                  .formatted(rank, offer.describe(), other, theirs.describe()));
        }
      }
      return IntStream.range(0, world).mapToObj(r -> offerOf(r).buffer()).toList();
    } finally {
      lock.unlock();
    }
  }

  private Offer offerOf(int rank) {
    return java.util.Objects.requireNonNull(offers[rank]);
  }

  /**
   * Returns when no rank uses the buffers of the others any more. Nothing else ends this wait, not
   * even an interrupt: the caller may free its buffer then, and those that are awaited only
   * compute.
   */
  void part() {
    lock.lock();
    try {
      long mine = generation;
      if (isLast()) {
        return;
      }
      while (generation == mine) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Counts this rank; if all are here, wakes them. */
  private boolean isLast() {
    if (++arrivals < world) {
      return false;
    }
    arrivals = 0;
    java.util.Arrays.fill(arrived, false);
    generation++;
    changed.signalAll();
    return true;
  }

  /** Returns when all ranks are here. */
  private void await(int rank, String operation) {
    lock.lock();
    try {
      await(rank, operation, generation);
    } finally {
      lock.unlock();
    }
  }

  private void await(int rank, String operation, long mine) {
    try {
      requireRunning();
      arrived[rank] = true;
      if (isLast()) {
        return;
      }
      long nanos = timeout.toNanos();
      while (generation == mine) {
        requireRunning();
        if (nanos <= 0) {
          throw failed(
              "Rank %s of %s waited %s ms for rank %s in %s; raise spark.focal.collective.timeout if it is merely slow."
                  .formatted(rank, world, timeout.toMillis(), missing(), operation));
        }
        nanos = changed.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (generation != mine) {
        // All came; the others use this rank's buffer already.
        return;
      }
      throw failed("Rank " + rank + " of " + world + " was interrupted in " + operation + ".");
    }
  }

  private int missing() {
    return IntStream.range(0, world).filter(rank -> !arrived[rank]).findFirst().orElse(-1);
  }

  @Nullable String failure() {
    lock.lock();
    try {
      return failure;
    } finally {
      lock.unlock();
    }
  }

  boolean isAborted() {
    lock.lock();
    try {
      return aborted;
    } finally {
      lock.unlock();
    }
  }

  /** Makes every wait end with this sentence, unless there is an earlier one. */
  void fail(String sentence) {
    lock.lock();
    try {
      failed(sentence);
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #fail}, since a rank has left, rather than given up. */
  void leave(String sentence) {
    lock.lock();
    try {
      if (failure == null) {
        failure = sentence;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private CollectiveException failed(String sentence) {
    if (failure == null) {
      failure = sentence;
      aborted = true;
      changed.signalAll();
    }
    return new CollectiveException(failure);
  }

  private void requireRunning() {
    String reason = failure;
    if (reason != null) {
      throw new CollectiveException(reason);
    }
  }
}
