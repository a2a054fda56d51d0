package io.sparkfocal.job;

import io.sparkfocal.persist.CheckpointFolder;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The checkpoints of one run as the driver sees them: what to go on from, and when to clear up. */
final class RunCheckpoints {

  private static final Logger LOG = LoggerFactory.getLogger(RunCheckpoints.class);

  private final @Nullable CheckpointPlan plan;
  private final Map<String, String> described;

  private RunCheckpoints(@Nullable CheckpointPlan plan, Map<String, String> described) {
    this.plan = plan;
    this.described = described;
  }

  /**
   * Of a run that is to begin.
   *
   * @param resume whether it goes on where the newest unfinished run of its folder ended, and in
   *     the folder of that run; it begins anew if there is none
   * @throws IllegalArgumentException if the folder cannot be read, or that run had another plan
   */
  static RunCheckpoints of(TrainingPlan training, boolean resume) {
    CheckpointPlan plan = training.checkpoints();
    Map<String, String> described = training.described();
    if (plan == null) {
      return new RunCheckpoints(null, described);
    }
    try {
      CheckpointFolder.Found found =
          CheckpointFolder.newestOfAll(plan.folder(), plan.hadoop().value());
      if (!resume || found == null) {
        LOG.info(
            "{}: begins anew, with checkpoints in {}/{}",
            training.run(),
            plan.folder(),
            plan.run());
        return new RunCheckpoints(plan, described);
      }
      found.checkpoint().requirePlan(described, found.file());
      return new RunCheckpoints(plan.of(found.run()), described);
    } catch (IOException e) {
      throw CheckpointWriter.unusable(plan.folder(), e);
    }
  }

  /** Where the ranks write them; null for nowhere. */
  @Nullable CheckpointPlan plan() {
    return plan;
  }

  /**
   * The newest that is whole; null if there is none, or none can be read now.
   *
   * @throws IllegalArgumentException if it is of another plan
   */
  CheckpointFolder.@Nullable Found newest() {
    if (plan == null) {
      return null;
    }
    try {
      CheckpointFolder.Found found = CheckpointWriter.open(plan).newest();
      if (found != null) {
        found.checkpoint().requirePlan(described, found.file());
      }
      return found;
    } catch (IOException e) {
      LOG.warn("No checkpoint can be read from {}: {}", plan.folder(), e.toString());
      return null;
    }
  }

  /** Deletes those of this run, which has ended well. */
  void delete() {
    if (plan != null) {
      CheckpointWriter.open(plan).delete();
    }
  }
}
