package io.sparkfocal.job;

import io.sparkfocal.persist.RunLease;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renews the leases of a fit beside it, six times within the time that they hold. */
final class LeaseKeeper implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);
  private static final int RENEWALS = 6;
  private static final long FAREWELL_SECONDS = 10;

  /** What is done beside the fit, and may fail without harm. */
  @FunctionalInterface
  interface Chore {

    /** Does it. */
    void run() throws IOException;
  }

  private final List<RunLease> leases = new ArrayList<>();
  private final Set<String> lost = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService worker =
      Executors.newScheduledThreadPool(
          2, // a chore must not keep renewals waiting
          work -> {
            Thread thread = new Thread(work, "focal-lease");
            thread.setDaemon(true);
            return thread;
          });

  /** A keeper of leases that hold for that long. */
  LeaseKeeper(Duration valid) {
    long every = Math.max(1, valid.toMillis() / RENEWALS);
    Future<?> unused =
        worker.scheduleWithFixedDelay(this::renew, every, every, TimeUnit.MILLISECONDS);
  }

  /** Keeps a lease that was taken. */
  synchronized void keep(RunLease lease) {
    leases.add(lease);
  }

  private synchronized void renew() {
    leases.removeIf(this::isLost);
  }

  private boolean isLost(RunLease lease) {
    try {
      if (lease.renew()) {
        return false;
      }
      lost.add(lease.run());
      RunLease.State now = lease.state();
      if (now == null) {
        LOG.warn(
            "Run {} is not this application's any more: its folder, or the lease in it, is gone",
            lease.run());
      } else {
        LOG.warn(
            "Run {} is not this application's any more: {} took it over, since this one had not been heard of for too long",
            lease.run(),
            lease.holder(now));
      }
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.warn("The lease of run {} cannot be renewed now: {}", lease.run(), e.toString());
      return false;
    }
  }

  /** Does something beside the fit; a failure is only logged. */
  void doBeside(String what, Chore chore) {
    worker.execute(
        () -> {
          try {
            chore.run();
          } catch (IOException | RuntimeException e) {
            LOG.warn("{}: {}", what, e.toString());
          }
        });
  }

  /** Whether {@link #stop} was called. */
  boolean isStopped() {
    return worker.isShutdown();
  }

  /**
   * Looks at the leases for the last time, and renews nothing any more; waits, for a short time,
   * for what is being written.
   */
  void stop() {
    uninterrupted(
        () -> {
          awaitEnd();
          if (worker.isTerminated()) {
            renew();
          }
        });
  }

  /** Whether the lease of a run was kept and is another application's now, or gone. */
  boolean isLost(String run) {
    return lost.contains(run);
  }

  /** Gives the leases back: another application may go on with the runs. */
  @Override
  public void close() {
    uninterrupted(
        () -> {
          awaitEnd();
          if (worker.isTerminated()) {
            release();
          }
        });
  }

  /** File systems do not answer to a thread that was interrupted, and a cancelled fit is. */
  private static void uninterrupted(Runnable work) {
    boolean interrupted = Thread.interrupted();
    try {
      work.run();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void awaitEnd() {
    worker.shutdown();
    try {
      if (!worker.awaitTermination(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("The file system of the checkpoints has not answered for {} s", FAREWELL_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void release() {
    for (RunLease lease : leases) {
      try {
        lease.release();
      } catch (IOException | RuntimeException e) {
        LOG.warn("The lease of run {} is not given back: {}", lease.run(), e.toString());
      }
    }
    leases.clear();
  }
}
