package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.losses.ClassBalance;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.train.LossSpec;
import java.util.Set;

/** What follows for the output layer from a loss and the frequencies of the classes. */
final class ClassPriors {

  /** Losses that put the frequencies into the logits while training. */
  private static final Set<String> ADJUSTING = Set.of("balancedSoftmax", "logitAdjusted", "seesaw");

  private final String lossName;
  private final ClassificationLoss loss;
  private final long[] counts;

  ClassPriors(LossSpec spec, long... counts) {
    this.lossName = spec.name();
    this.loss = spec.loss();
    this.counts = counts.clone();
  }

  /** How many logits the network has. */
  int outputs() {
    return loss.outputs(counts.length);
  }

  /**
   * Biases under which the network begins by predicting the frequencies; a class without rows has
   * that of half a row.
   *
   * @throws IllegalArgumentException if the loss adjusts logits
   */
  float[] outputBias() {
    requireUnadjusted("priorBias is true", "priorBias to false");
    float[] logs = ClassBalance.logPriors(counts);
    if (!loss.isSigmoid()) {
      return logs;
    }
    float[] bias = new float[outputs()];
    for (int i = 0; i < bias.length; i++) {
      // One logit is that of class 1.
      double prior = Math.exp(logs[outputs() == 1 ? 1 : i]);
      bias[i] = (float) (Math.log(prior) - Math.log1p(-prior));
    }
    return bias;
  }

  /**
   * From logits to probabilities, with tau times the log frequencies taken away; nothing from a
   * class without rows, which would be raised above all others and was never seen.
   *
   * @throws IllegalArgumentException if tau is not 0 and the loss adjusts logits
   */
  LogitLink link(double tau) {
    if (tau == 0) {
      return LogitLink.plain(loss.isSigmoid());
    }
    requireUnadjusted("logitAdjustment is " + tau, "logitAdjustment to 0");
    float[] logs = ClassBalance.logPriors(counts);
    double[] offsets = new double[outputs()];
    for (int i = 0; i < offsets.length; i++) {
      double log = outputs() == 1 ? (double) logs[1] - logs[0] : counts[i] == 0 ? 0 : logs[i];
      offsets[i] = -tau * log;
    }
    return new LogitLink(loss.isSigmoid(), 1, offsets);
  }

  private void requireUnadjusted(String what, String remedy) {
    if (ADJUSTING.contains(lossName)) {
      throw new IllegalArgumentException(
          "%s, but loss %s adjusts the logits by the class frequencies already; set %s."
              .formatted(what, lossName, remedy));
    }
  }
}
