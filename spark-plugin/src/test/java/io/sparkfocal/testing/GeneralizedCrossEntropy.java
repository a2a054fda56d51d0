package io.sparkfocal.testing;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.losses.Constants;
import io.sparkfocal.losses.FormulaLoss;

/** A loss as a user writes it (Zhang, Sabuncu, arXiv 1805.07836). */
public final class GeneralizedCrossEntropy extends FormulaLoss {

  @Override
  protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
    NDArray q = numbers.of(0.7f);
    NDArray power = logits.logSoftmax(1).gather(labels, 1).mul(q).exp();
    return numbers.of(1).sub(power).div(q);
  }
}
