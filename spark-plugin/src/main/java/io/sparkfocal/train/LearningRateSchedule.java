package io.sparkfocal.train;

import java.io.Serializable;

/** The factor on the learning rate at each step. */
public enum LearningRateSchedule implements Serializable {

  /** The learning rate as given, after the warm-up. */
  CONSTANT {
    @Override
    double afterWarmup(double progress) {
      return 1;
    }
  },

  /** Half a cosine from the learning rate to 0 (Loshchilov and Hutter, arXiv 1608.03983). */
  COSINE {
    @Override
    double afterWarmup(double progress) {
      return (1 + Math.cos(Math.PI * progress)) / 2;
    }
  };

  abstract double afterWarmup(double progress);

  /**
   * The factor at a step: a line from near 0 to 1 over the warm-up, then the schedule's own form.
   *
   * @param step from 0
   * @param warmupSteps at least 0
   * @param totalSteps more than {@code step}
   * @return from 0 to 1
   */
  public double factor(long step, long warmupSteps, long totalSteps) {
    if (step < warmupSteps) {
      return (step + 1.0) / (warmupSteps + 1.0);
    }
    return afterWarmup((double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  }
}
