package io.sparkfocal.job;

import io.sparkfocal.plugin.EpochCompleted;
import io.sparkfocal.plugin.ProgressSender;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.TrainingListener;
import java.util.function.Supplier;
import org.apache.spark.BarrierTaskContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a rank whose task was cancelled; for rank 0, reports epochs and has checkpoints written. */
final class RankListener implements TrainingListener {

  private static final Logger LOG = LoggerFactory.getLogger(RankListener.class);

  private final BarrierTaskContext context;
  private final TrainingPlan plan;
  private final @Nullable CheckpointWriter checkpoints;

  /**
   * Of one rank.
   *
   * @param checkpoints null where none are written
   */
  RankListener(
      BarrierTaskContext context, TrainingPlan plan, @Nullable CheckpointWriter checkpoints) {
    this.context = context;
    this.plan = plan;
    this.checkpoints = checkpoints;
  }

  @Override
  public void beforeStep() {
    context.killTaskIfInterrupted();
  }

  @Override
  public void afterStep(Supplier<LoopState> state) {
    if (checkpoints != null) {
      checkpoints.afterStep(state);
    }
  }

  @Override
  public void epochCompleted(EpochReport report) {
    if (context.partitionId() == 0) {
      LOG.info("{}: {}", plan.run(), report);
      ProgressSender.running()
          .ifPresent(p -> p.send(new EpochCompleted(plan.run(), plan.workers(), report)));
    }
  }
}
