package io.sparkfocal.examples.customloss;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.losses.Constants;
import io.sparkfocal.losses.FormulaLoss;

/**
 * The first two terms of cross entropy's expansion, q + q^2 / 2 with q = 1 - p: bounded, so that
 * wrong labels pull less (Feng et al., IJCAI 2020).
 */
public final class TaylorCrossEntropy extends FormulaLoss {

  @Override
  protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
    NDArray q = numbers.of(1).sub(logits.softmax(1).gather(labels, 1));
    return q.mul(q).mul(numbers.of(0.5f)).add(q);
  }
}
