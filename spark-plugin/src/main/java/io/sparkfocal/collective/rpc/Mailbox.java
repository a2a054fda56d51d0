package io.sparkfocal.collective.rpc;

import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.apache.spark.network.client.RpcResponseCallback;
import org.jspecify.annotations.Nullable;

/**
 * Where a rank's thread waits for what network threads bring: frames of the rank before,
 * acknowledgements of the rank after, and failures.
 *
 * <p>A failure that comes from outside is told only when there is nothing left to take, since a
 * rank that has finished closes its channels while its last frames are still here.
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

  /** Uses a credit, if there is one. */
  boolean takeCredit() {
    lock.lock();
    try {
      if (credits == 0 || failure != null) {
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
    await(() -> greeted, timeout, lateness);
  }

  /** Waits for a frame, or if {@code orCredit} for a credit. */
  void awaitFrame(boolean orCredit, Duration timeout, String lateness) {
    await(() -> !deliveries.isEmpty() || (orCredit && credits > 0), timeout, lateness);
  }

  void awaitCredit(Duration timeout, String lateness) {
    await(() -> credits > 0, timeout, lateness);
  }

  /** Waits until everything sent was taken; false if it was not. */
  boolean awaitAllCredits(Duration timeout) {
    try {
      await(() -> credits == CREDITS, timeout, "");
      return true;
    } catch (CollectiveException e) {
      return false;
    }
  }

  private void await(BooleanSupplier happened, Duration timeout, String lateness) {
    lock.lock();
    try {
      long nanos = timeout.toNanos();
      while (!happened.getAsBoolean()) {
        requireRunning();
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

  /** Makes waits fail with this sentence, unless there is an earlier one. */
  void fail(String sentence) {
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

  /** Throws the failure, if there is one. */
  void requireRunning() {
    lock.lock();
    try {
      if (failure != null) {
        throw new CollectiveException(failure);
      }
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
