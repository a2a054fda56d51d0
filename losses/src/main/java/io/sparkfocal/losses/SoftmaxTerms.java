package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/**
 * Cross entropy of a softmax and its gradient by the logits that went into it.
 *
 * @param values shape (B, 1), not negative
 * @param gradients softmax - onehot(label), shape (B, C)
 */
record SoftmaxTerms(NDArray values, NDArray gradients) {

  /**
   * Computes both, unweighted.
   *
   * @param logits shape (B, C)
   * @param labels shape (B, 1)
   * @param one shape (1)
   */
  static SoftmaxTerms of(NDArray logits, NDArray labels, NDArray one) {
    NDArray logProbabilities = logits.logSoftmax(1);
    NDArray values = logProbabilities.gather(labels, 1).abs();
    NDArray probabilities = logProbabilities.exp();
    NDArray target = probabilities.gather(labels, 1).subi(one);
    return new SoftmaxTerms(values, probabilities.scatter(labels, target, 1));
  }

  /** As the losses of a batch whose rows have no class weight. */
  RowLosses rows(Batch batch) {
    return new RowLosses(batch.flat(values), gradients, batch.ones());
  }
}
