package io.sparkfocal.job;

import io.sparkfocal.plugin.EpochCompleted;
import io.sparkfocal.plugin.ProgressSender;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.TrainingListener;
import org.apache.spark.BarrierTaskContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a rank whose task was cancelled, and reports rank 0's epochs. */
final class RankListener implements TrainingListener {

  private static final Logger LOG = LoggerFactory.getLogger(RankListener.class);

  private final BarrierTaskContext context;
  private final TrainingPlan plan;

  RankListener(BarrierTaskContext context, TrainingPlan plan) {
    this.context = context;
    this.plan = plan;
  }

  @Override
  public void beforeStep() {
    context.killTaskIfInterrupted();
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
