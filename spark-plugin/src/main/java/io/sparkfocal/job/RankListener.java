package io.sparkfocal.job;

import io.sparkfocal.plugin.EpochCompleted;
import io.sparkfocal.plugin.ProgressSender;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.StateInterval;
import io.sparkfocal.train.TrainingListener;
import java.util.Objects;
import org.apache.spark.BarrierTaskContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a rank whose task was cancelled; for rank 0, reports epochs and has checkpoints and events
 * written.
 */
final class RankListener implements TrainingListener {

  private static final Logger LOG = LoggerFactory.getLogger(RankListener.class);

  private final BarrierTaskContext context;
  private final TrainingPlan plan;
  private final @Nullable CheckpointWriter checkpoints;
  private final @Nullable TensorBoardWriter events;

  /**
   * Of one rank.
   *
   * @param checkpoints null where this rank writes none
   * @param events null where this rank writes none
   */
  RankListener(
      BarrierTaskContext context,
      TrainingPlan plan,
      @Nullable CheckpointWriter checkpoints,
      @Nullable TensorBoardWriter events) {
    this.context = context;
    this.plan = plan;
    this.checkpoints = checkpoints;
    this.events = events;
  }

  @Override
  public void beforeStep() {
    context.killTaskIfInterrupted();
  }

  @Override
  public StateInterval keepsState() {
    CheckpointPlan where = plan.checkpoints();
    return where == null
        ? StateInterval.NEVER
        : new StateInterval(where.everySteps(), where.everyMillis());
  }

  @Override
  public boolean takesState() {
    return checkpoints != null && checkpoints.takesOne();
  }

  @Override
  public void keep(LoopState state) {
    Objects.requireNonNull(checkpoints).write(state);
  }

  @Override
  public void epochCompleted(EpochReport report) {
    if (context.partitionId() == 0) {
      LOG.info("{}: {}", plan.run(), report);
      ProgressSender.running()
          .ifPresent(p -> p.send(new EpochCompleted(plan.run(), plan.workers(), report)));
    }
    if (events != null) {
      events.write(report);
    }
  }
}
