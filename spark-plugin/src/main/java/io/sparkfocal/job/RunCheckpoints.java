package io.sparkfocal.job;

import io.sparkfocal.persist.Checkpoint;
import io.sparkfocal.persist.CheckpointFolder;
import io.sparkfocal.persist.CheckpointFolder.Found;
import io.sparkfocal.persist.RunLease;
import io.sparkfocal.persist.StaleRuns;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one run as the driver sees them: what to go on from, and when to clear up.
 *
 * <p>Every fit writes into a folder of its own; one that goes on where another ended clears up that
 * one's folder too when it has ended well. While it goes on it holds a lease of both, so that no
 * other application goes on with them.
 */
final class RunCheckpoints implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RunCheckpoints.class);
  private static final int TRIES = 3;
  private static final long MILLIS_BETWEEN_TRIES = 1000;

  private final CheckpointPlan plan;
  private final Map<String, String> described;
  private final LeaseKeeper leases;
  private final @Nullable Found earlier;
  private final Set<Found> leftOut = new HashSet<>();

  private RunCheckpoints(
      CheckpointPlan plan,
      Map<String, String> described,
      LeaseKeeper leases,
      @Nullable Found earlier) {
    this.plan = plan;
    this.described = described;
    this.leases = leases;
    this.earlier = earlier;
  }

  /**
   * The folder as it means the same on driver and executors.
   *
   * @throws IllegalArgumentException if there is no such file system
   */
  static String qualified(String folder, Configuration hadoop) {
    try {
      return CheckpointFolder.qualified(folder, hadoop);
    } catch (IOException | IllegalArgumentException e) {
      throw unusable(folder, e);
    }
  }

  /**
   * Of a run that is to begin.
   *
   * @param resume whether it goes on where the newest unfinished run of its folder with the same
   *     plan ended, if nobody trains that; it begins anew if there is no unfinished run at all
   * @param self this application
   * @param retention how old checkpoints of others may become; zero for no limit
   * @throws IllegalArgumentException if the folder cannot be read, or unfinished runs are there but
   *     all had another plan
   */
  static RunCheckpoints of(
      CheckpointPlan plan,
      Map<String, String> described,
      boolean resume,
      RunLease.Holder self,
      Duration retention) {
    LeaseKeeper leases = new LeaseKeeper(Duration.ofMillis(self.validMillis()));
    boolean begun = false;
    try {
      CheckpointFolder.requireReachable(plan.folder(), plan.hadoop().value());
      takeOwn(plan, self, leases);
      Found found = resume ? earlier(plan, described, self, leases) : null;
      if (!retention.isZero()) {
        cleanUp(plan, self, retention, leases);
      }
      begun = true;
      return new RunCheckpoints(plan, described, leases, found);
    } catch (IOException | IllegalArgumentException e) {
      throw e instanceof Refusal refusal ? refusal : unusable(plan.folder(), e);
    } finally {
      if (!begun) {
        leases.close();
      }
    }
  }

  /** As with checkpoints, training goes on where it cannot be written. */
  private static void takeOwn(CheckpointPlan plan, RunLease.Holder self, LeaseKeeper leases) {
    try {
      RunLease own = new RunLease(plan.folder(), plan.run(), plan.hadoop().value(), self);
      own.begin();
      leases.keep(own);
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "The lease of run {} cannot be written to {}; another application may take the run for one that ended: {}",
          plan.run(),
          plan.folder(),
          e.toString());
    }
  }

  private static void cleanUp(
      CheckpointPlan plan, RunLease.Holder self, Duration retention, LeaseKeeper leases) {
    Duration atLeast = Duration.ofMillis(2 * self.validMillis());
    Duration age = retention.compareTo(atLeast) > 0 ? retention : atLeast;
    leases.doBeside(
        "Old checkpoints in " + plan.folder() + " are not deleted",
        () ->
            StaleRuns.delete(
                plan.folder(), plan.run(), plan.hadoop().value(), age, leases::isStopped));
  }

  /** A checkpoint that is whole but of another plan. */
  private static final class Refusal extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    Refusal(IllegalArgumentException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private static @Nullable Found earlier(
      CheckpointPlan plan, Map<String, String> described, RunLease.Holder self, LeaseKeeper leases)
      throws IOException {
    List<String> runs = CheckpointFolder.runs(plan.folder(), plan.hadoop().value());
    LeaseWatch watch = new LeaseWatch(plan, runs, self);
    Refusal first = null;
    for (String run : runs) {
      Found found = watch.isTrained(run) ? null : folder(plan, run).newest(Set.of());
      if (found == null) {
        continue;
      }
      try {
        requirePlan(found, described, plan);
      } catch (IllegalArgumentException e) {
        first = first == null ? new Refusal(e) : first;
        continue;
      }
      RunLease lease = watch.takeOver(run);
      if (lease != null) {
        leases.keep(lease);
        return found;
      }
    }
    if (first != null) {
      throw first;
    }
    return null;
  }

  private static CheckpointFolder folder(CheckpointPlan plan, String run) throws IOException {
    return new CheckpointFolder(plan.folder(), run, plan.hadoop().value());
  }

  private static IllegalArgumentException unusable(String folder, Exception cause) {
    return new IllegalArgumentException(
        "checkpointDir is \"%s\", which cannot be used: %s; give a folder of a file system that driver and executors reach."
            .formatted(folder, cause.getMessage()),
        cause);
  }

  /**
   * The newest that is whole; null if there is none.
   *
   * @throws TrainingException if the file system does not answer, several times
   * @throws IllegalArgumentException if it is of another plan
   */
  @Nullable Found newest() {
    IOException last = null;
    for (int i = 0; i < TRIES; i++) {
      try {
        Found found = folder(plan, plan.run()).newest(leftOut);
        if (found == null && (earlier == null || !leftOut.contains(earlier))) {
          return earlier;
        }
        if (found == null && earlier != null) {
          found = folder(plan, earlier.run()).newest(leftOut);
        }
        if (found != null) {
          requirePlan(found, described, plan);
        }
        return found;
      } catch (IOException e) {
        last = e;
        pause();
      }
    }
    throw new TrainingException(
        "No checkpoint can be read from %s: %s".formatted(plan.folder(), last), last, true);
  }

  private static void requirePlan(Found found, Map<String, String> described, CheckpointPlan plan)
      throws IOException {
    try (Checkpoint checkpoint = CheckpointFolder.open(found.file(), plan.hadoop().value())) {
      checkpoint.requirePlan(described, found.file());
    }
  }

  /** Goes on from another one from now on: a rank could not read this. */
  void leaveOut(Found unreadable) {
    leftOut.add(unreadable);
  }

  private static void pause() {
    try {
      Thread.sleep(MILLIS_BETWEEN_TRIES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TrainingException("fit() was interrupted between two attempts.", e, true);
    }
  }

  /**
   * Deletes those of this run, which has ended well, and of that it went on from; what another
   * application took over is that one's.
   */
  void delete() {
    leases.stop();
    List<String> runs = new ArrayList<>(List.of(plan.run()));
    if (earlier != null) {
      runs.add(earlier.run());
    }
    runs.removeIf(leases::isLost);
    for (String run : runs) {
      try {
        folder(plan, run).delete();
      } catch (IOException | RuntimeException e) {
        LOG.warn("Checkpoints in {}/{} cannot be deleted: {}", plan.folder(), run, e.toString());
      }
    }
  }

  /** From now on another run may go on from these. */
  @Override
  public void close() {
    leases.close();
  }
}
