package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.train.LossSpec;
import java.util.Set;

/**
 * A loss and what it asks of the output layer, known before training.
 *
 * @param loss what is minimised
 * @param outputs how many logits there are
 * @param bias where the biases begin; empty for zeros
 * @param link from logits to probabilities
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OutputLayer(LossSpec loss, int outputs, float[] bias, LogitLink link) {

  private static final Set<String> LIKES_PRIORS =
      Set.of("crossEntropy", "focal", "sigmoidCrossEntropy");

  /** Whether a loss learns the frequencies of the classes, so that biases may begin there. */
  static boolean likesPriors(LossSpec loss) {
    return loss.alpha().length == 0 && LIKES_PRIORS.contains(loss.name());
  }

  /**
   * For rows with several labels: a logit for each.
   *
   * @param rows to train on
   */
  static OutputLayer ofLabels(LossSpec loss, boolean priorBias, long rows) {
    float[] bias = new float[priorBias ? loss.counts().length : 0];
    for (int c = 0; c < bias.length; c++) {
      double with = Math.max(0.5, (double) loss.counts()[c]);
      double without = Math.max(0.5, (double) (rows - loss.counts()[c]));
      bias[c] = (float) Math.log(with / without);
    }
    return new OutputLayer(loss, loss.counts().length, bias, LogitLink.multilabel());
  }

  /**
   * For these rows of each class.
   *
   * @throws IllegalArgumentException if the loss adjusts logits and another param does, too
   */
  static OutputLayer of(LossSpec loss, boolean priorBias, double logitAdjustment, long... counts) {
    ClassPriors priors = new ClassPriors(loss, counts);
    LogitLink link = priors.link(logitAdjustment);
    return new OutputLayer(
        loss.withOffsets(link.offsets()),
        priors.outputs(),
        priorBias ? priors.outputBias() : new float[0],
        link);
  }
}
