package io.sparkfocal.collective.rpc;

import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.PeerLostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.network.client.RpcResponseCallback;
import org.jspecify.annotations.Nullable;

/**
 * Where a rank's thread waits for what network threads bring: frames of the rank before,
 * acknowledgements of the rank after, and failures.
 *
 * <p>A neighbour that goes away ends only the waits for what it would have brought: a rank that has
 * finished closes its channels while others still exchange their last frames. A failure ends all
 * waits and is relayed to the rank after, so that it travels round the ring.
 */
final class Mailbox {

  /** How many frames may be under way to a rank before it has taken one. */
  static final int CREDITS = 2;

  /** A frame and how to acknowledge it. */
  record Delivery(Frame frame, RpcResponseCallback sender) {

    void acknowledge() {
      sender.onSuccess(ByteBuffer.allocate(0));
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Delivery> deliveries = new ArrayDeque<>();
  private int credits = CREDITS;
  private boolean greeted;
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

  /** Takes in a frame; false if its sender is more frames ahead than it may be. */
  boolean offer(Delivery delivery) {
    lock.lock();
    try {
      if (deliveries.size() >= CREDITS) {
        return false;
      }
      deliveries.add(delivery);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** The rank before has connected. */
  void greet() {
    lock.lock();
    try {
      greeted = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The rank after has taken a frame. */
  void returnCredit() {
    lock.lock();
    try {
      credits++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Uses a credit, if there is one; fails if the rank after cannot take anything any more. */
  boolean takeCredit() {
    lock.lock();
    try {
      requireNone(failure);
      requirePeer(followingGone);
      if (credits == 0) {
        return false;
      }
      credits--;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** The next frame, if one is here. */
  @Nullable Delivery poll() {
    lock.lock();
    try {
      return deliveries.poll();
    } finally {
      lock.unlock();
    }
  }

  void awaitGreeting(Duration timeout, String lateness) {
    await(() -> greeted, () -> previousGone, timeout, lateness);
  }

  /** Waits for a frame, or if {@code orCredit} for a credit. */
  void awaitFrame(boolean orCredit, Duration timeout, String lateness) {
    await(
        () -> !deliveries.isEmpty() || (orCredit && credits > 0),
        () -> previousGone,
        timeout,
        lateness);
  }

  void awaitCredit(Duration timeout, String lateness) {
    await(() -> credits > 0, () -> followingGone, timeout, lateness);
  }

  /** Waits until everything sent was taken; false if it was not. */
  boolean awaitAllCredits(Duration timeout) {
    try {
      await(() -> credits == CREDITS, () -> followingGone, timeout, "");
      return true;
    } catch (CollectiveException e) {
      return false;
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

  /** Makes every wait of this rank fail, and of no other. */
  void close(String sentence) {
    lock.lock();
    try {
      relay = null;
    } finally {
      lock.unlock();
    }
    fail(sentence);
  }

  /** No frame will come any more. */
  void losePrevious(String sentence) {
    lock.lock();
    try {
      previousGone = sentence;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** No frame will be taken any more. */
  void loseFollowing(String sentence) {
    lock.lock();
    try {
      followingGone = sentence;
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
    lock.lock();
    try {
      requireNone(failure);
    } finally {
      lock.unlock();
    }
  }

  void countDropped() {
    lock.lock();
    try {
      dropped++;
    } finally {
      lock.unlock();
    }
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
