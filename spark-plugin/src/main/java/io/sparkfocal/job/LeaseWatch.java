package io.sparkfocal.job;

import io.sparkfocal.persist.RunLease;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds out which runs are being trained, by watching whether their leases are renewed. */
final class LeaseWatch {

  private static final Logger LOG = LoggerFactory.getLogger(LeaseWatch.class);
  private static final long MOST_MILLIS_BETWEEN_LOOKS = 1000;
  private static final int LOOKS = 20;
  private static final String TRAINED =
      "Run {} is being trained by {}; this fit does not go on with it";

  private final Map<String, RunLease> leases = new HashMap<>();
  private final Map<String, RunLease.State> atFirst = new HashMap<>();
  private final Map<String, RunLease.@Nullable State> left = new HashMap<>();
  private final long since = System.nanoTime();

  /** Looks at all of them for the first time. */
  LeaseWatch(CheckpointPlan plan, List<String> runs, RunLease.Holder self) throws IOException {
    for (String run : runs) {
      RunLease lease = new RunLease(plan.folder(), run, plan.hadoop().value(), self);
      leases.put(run, lease);
      RunLease.State state = lease.state();
      if (state != null) {
        atFirst.put(run, state);
      }
    }
  }

  /**
   * Whether another application trains a run; waits, at most as long as its lease holds, to find
   * out.
   *
   * @param run one of those looked at
   */
  boolean isTrained(String run) throws IOException {
    RunLease lease = Objects.requireNonNull(leases.get(run));
    RunLease.State first = atFirst.get(run);
    RunLease.State now = lease.state();
    if (now != null && now.equals(first)) {
      now = watched(lease, now);
    }
    // A lease that went away was given back; one that came or changed has an owner who lives.
    if (now == null || now.equals(first)) {
      left.put(run, now);
      return false;
    }
    LOG.warn(TRAINED, run, lease.holder(now));
    return true;
  }

  /**
   * Takes over a run that nobody trained when {@link #isTrained} looked; null if another
   * application was faster.
   */
  @Nullable RunLease takeOver(String run) throws IOException {
    RunLease lease = Objects.requireNonNull(leases.get(run));
    // Not the state of now: that may be the lease of an application that lives.
    if (left.containsKey(run) && lease.takeOver(left.get(run))) {
      return lease;
    }
    LOG.warn(TRAINED, run, "another application, which was faster");
    return null;
  }

  /** The lease once it has changed or run out. */
  private RunLease.@Nullable State watched(RunLease lease, RunLease.State first)
      throws IOException {
    RunLease.Holder holder = lease.holder(first);
    long end = since + holder.validMillis() * 1_000_000;
    if (end - System.nanoTime() > 0) {
      LOG.warn(
          "Run {} was being trained by {}; waiting up to {} s to see whether it still is",
          lease.run(),
          holder,
          (end - System.nanoTime()) / 1_000_000_000 + 1);
    }
    RunLease.State now = first;
    while (first.equals(now) && end - System.nanoTime() > 0) {
      pause(Math.min(MOST_MILLIS_BETWEEN_LOOKS, Math.max(1, holder.validMillis() / LOOKS)));
      now = lease.state();
    }
    return now;
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TrainingException(
          "fit() was interrupted while it looked for a run to go on with.", e, true);
    }
  }
}
