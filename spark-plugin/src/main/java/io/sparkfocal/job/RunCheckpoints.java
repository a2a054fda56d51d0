package io.sparkfocal.job;

import io.sparkfocal.persist.CheckpointFolder;
import io.sparkfocal.persist.CheckpointFolder.Found;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one run as the driver sees them: what to go on from, and when to clear up.
 *
 * <p>Every fit writes into a folder of its own; one that goes on where another ended clears up that
 * one's folder too when it has ended well.
 */
final class RunCheckpoints implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RunCheckpoints.class);
  private static final int TRIES = 3;
  private static final long MILLIS_BETWEEN_TRIES = 1000;

  /** Runs of this JVM that have not ended: nobody else goes on with those. */
  private static final Set<String> ACTIVE = ConcurrentHashMap.newKeySet();

  private final CheckpointPlan plan;
  private final Map<String, String> described;
  private final @Nullable Found earlier;

  private RunCheckpoints(
      CheckpointPlan plan, Map<String, String> described, @Nullable Found earlier) {
    this.plan = plan;
    this.described = described;
    this.earlier = earlier;
    ACTIVE.add(plan.run());
  }

  /**
   * Of a run that is to begin.
   *
   * @param resume whether it goes on where the newest unfinished run of its folder with the same
   *     plan ended; it begins anew if there is no unfinished run at all
   * @throws IllegalArgumentException if the folder cannot be read, or unfinished runs are there but
   *     all had another plan
   */
  static RunCheckpoints of(CheckpointPlan plan, Map<String, String> described, boolean resume) {
    try {
      List<String> runs = CheckpointFolder.runs(plan.folder(), plan.hadoop().value());
      Found found = resume ? earlier(plan, described, runs) : null;
      return new RunCheckpoints(plan, described, found);
    } catch (IOException | IllegalArgumentException e) {
      throw e instanceof Refusal refusal ? refusal : unusable(plan.folder(), e);
    }
  }

  /** A checkpoint that is whole but of another plan. */
  private static final class Refusal extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    Refusal(IllegalArgumentException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private static @Nullable Found earlier(
      CheckpointPlan plan, Map<String, String> described, List<String> runs) throws IOException {
    Refusal first = null;
    for (String run : runs) {
      Found found = ACTIVE.contains(run) ? null : folder(plan, run).newest();
      if (found != null) {
        try {
          found.checkpoint().requirePlan(described, found.file());
          return found;
        } catch (IllegalArgumentException e) {
          first = first == null ? new Refusal(e) : first;
        }
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
        CheckpointFolder own = folder(plan, plan.run());
        Found found = own.newest();
        if (found == null) {
          return earlier;
        }
        found.checkpoint().requirePlan(described, found.file());
        return found;
      } catch (IOException e) {
        last = e;
        pause();
      }
    }
    throw new TrainingException(
        "No checkpoint can be read from %s: %s".formatted(plan.folder(), last), last, true);
  }

  private static void pause() {
    try {
      Thread.sleep(MILLIS_BETWEEN_TRIES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TrainingException("fit() was interrupted between two attempts.", e, true);
    }
  }

  /** Deletes those of this run, which has ended well, and of that it went on from. */
  void delete() {
    List<String> runs = new ArrayList<>(List.of(plan.run()));
    if (earlier != null) {
      runs.add(earlier.run());
    }
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
    ACTIVE.remove(plan.run());
  }
}
