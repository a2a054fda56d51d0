package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.train.LossSpec;

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
