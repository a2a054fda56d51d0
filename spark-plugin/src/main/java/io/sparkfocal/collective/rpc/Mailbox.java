package io.sparkfocal.collective.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelConfig;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.PeerLostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a rank's thread waits for what network threads bring: pieces from the rank before, writes
 * to the rank after that are done, and failures.
 *
 * <p>A neighbour that goes away ends only the waits for what it would have brought: a rank that has
 * finished closes its channels while others still exchange their last frames. A failure ends all
 * waits and is relayed to the rank after, so that it travels round the ring.
 */
final class Mailbox {

  /** Bytes that may wait here before the channel is not read any more, and until it is again. */
  private static final long FULL = 4 << 20;

  private static final long ROOM_AGAIN = 1 << 20;

  /** Some bytes of a frame, whose place and length its header says; to be released. */
  record Piece(Frame frame, ByteBuf bytes) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Piece> pieces = new ArrayDeque<>();
  private long waitingBytes;
  private @Nullable ChannelConfig paused;
  private int writes;
  private boolean greeted;
  private boolean accepted;
  private boolean closed;
  private long dropped;
  private @Nullable String failure;
  private @Nullable String previousGone;
  private @Nullable String followingGone;
  private @Nullable Consumer<String> relay;

  /** Who passes the first failure on. */
  void relayTo(Consumer<String> listener) {
    String earlier;
    lock.lock();
    try {
      relay = listener;
      earlier = failure;
    } finally {
      lock.unlock();
    }
    if (earlier != null) {
      listener.accept(earlier);
    }
  }

  /** Takes in a piece; stops reading the channel while too much waits here. */
  void offer(Piece piece, ChannelConfig channel) {
    locked(
        () -> {
          if (closed) {
            piece.bytes().release();
            return;
          }
          pieces.add(piece);
          waitingBytes += piece.frame().length();
          if (waitingBytes > FULL && paused == null) {
            paused = channel;
            channel.setAutoRead(false);
          }
        });
  }

  /** The rank before has connected. */
  void greet() {
    locked(() -> greeted = true);
  }

  /** The rank after has heard the greeting. */
  void accept() {
    locked(() -> accepted = true);
  }

  /** A frame is about to be written; fails if the rank after cannot take anything any more. */
  void beginWrite() {
    locked(
        () -> {
          requireNone(failure);
          requirePeer(followingGone);
          writes++;
        });
  }

  /** As {@link #beginWrite}, whatever has failed. */
  void beginAbort() {
    locked(() -> writes++);
  }

  void endWrite() {
    locked(() -> writes--);
  }

  /** Waits until both neighbours are there. */
  void awaitNeighbours(Duration timeout, String latePrevious, String lateFollowing) {
    await(() -> greeted, () -> previousGone, timeout, latePrevious);
    await(() -> accepted, () -> followingGone, timeout, lateFollowing);
  }

  /** Waits for a piece. */
  Piece awaitPiece(Duration timeout, String lateness) {
    lock.lock();
    try {
      await(() -> !pieces.isEmpty(), () -> previousGone, timeout, lateness);
      Piece piece = Objects.requireNonNull(pieces.poll());
      waitingBytes -= piece.frame().length();
      ChannelConfig channel = paused;
      if (channel != null && waitingBytes < ROOM_AGAIN) {
        paused = null;
        channel.setAutoRead(true);
      }
      return piece;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until everything sent is written. */
  void awaitWrites(Duration timeout, String lateness) {
    await(() -> writes == 0, () -> followingGone, timeout, lateness);
  }

  /** As above, whatever has failed; false if it is not written in time. */
  boolean awaitAllWritten(Duration timeout) {
    lock.lock();
    try {
      long nanos = timeout.toNanos();
      while (writes > 0 && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
      return writes == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void await(
      BooleanSupplier happened,
      Supplier<@Nullable String> gone,
      Duration timeout,
      String lateness) {
    lock.lock();
    try {
      long nanos = timeout.toNanos();
      while (!happened.getAsBoolean()) {
        requireNone(failure);
        requirePeer(gone.get());
        if (nanos <= 0) {
          throw new CollectiveException(lateness);
        }
        nanos = changed.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CollectiveException("Interrupted while waiting for another rank.", e);
    } finally {
      lock.unlock();
    }
  }

  private static void requireNone(@Nullable String sentence) {
    if (sentence != null) {
      throw new CollectiveException(sentence);
    }
  }

  private static void requirePeer(@Nullable String sentence) {
    if (sentence != null) {
      throw new PeerLostException(sentence);
    }
  }

  /** Makes every wait fail with this sentence and relays it, unless there is an earlier one. */
  void fail(String sentence) {
    Consumer<String> listener;
    lock.lock();
    try {
      if (failure != null) {
        return;
      }
      failure = sentence;
      listener = relay;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (listener != null) {
      listener.accept(sentence);
    }
  }

  /** Makes every wait of this rank fail, and of no other; frees what waits here. */
  void close(String sentence) {
    locked(
        () -> {
          relay = null;
          closed = true;
          pieces.forEach(piece -> piece.bytes().release());
          pieces.clear();
        });
    fail(sentence);
  }

  /** Nothing will come any more. */
  void losePrevious(String sentence) {
    locked(() -> previousGone = previousGone == null ? sentence : previousGone);
  }

  /** Nothing will be taken any more. */
  void loseFollowing(String sentence) {
    locked(() -> followingGone = followingGone == null ? sentence : followingGone);
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Why waits end: a failure, else a neighbour that left; null if they do not. */
  @Nullable String failure() {
    lock.lock();
    try {
      return failure != null ? failure : previousGone != null ? previousGone : followingGone;
    } finally {
      lock.unlock();
    }
  }

  /** Whether there is a failure, rather than a neighbour that left. */
  boolean hasFailed() {
    lock.lock();
    try {
      return failure != null;
    } finally {
      lock.unlock();
    }
  }

  /** Throws the failure, if there is one. */
  void requireRunning() {
    locked(() -> requireNone(failure));
  }

  void countDropped() {
    locked(() -> dropped++);
  }

  long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }
}
