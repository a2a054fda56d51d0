package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/**
 * Logits of a softmax as one number per row, the log odds against the true class, and the way back
 * to a gradient.
 *
 * @param oddsAgainst d = lse of the other logits - logit of the true class, shape (B, 1)
 * @param shares softmax over the other classes, 0 at the true one, shape (B, C)
 * @param labels shape (B, 1)
 */
record TargetOdds(NDArray oddsAgainst, NDArray shares, NDArray labels) {

  /**
   * Takes the true class out of the softmax, so that nothing cancels where it is next to 1.
   *
   * @param minusInfinity shape (1)
   */
  static TargetOdds of(Batch batch, NDArray minusInfinity) {
    batch.requireSeveralClasses();
    NDArray logits = batch.logits();
    NDArray labels = batch.labelColumn();
    NDArray target = logits.gather(labels, 1);
    NDArray others = logits.scatter(labels, target.add(minusInfinity), 1);
    NDArray logShares = others.logSoftmax(1);
    // lse(others) = max - max(log softmax); the target leaves the larger number first.
    NDArray highest = others.max(new int[] {1}, true);
    NDArray highestLog = logShares.max(new int[] {1}, true);
    NDArray oddsAgainst = highest.subi(target).subi(highestLog);
    return new TargetOdds(oddsAgainst, logShares.exp(), labels);
  }

  /**
   * The gradient by the logits of a function of the odds; uses up the shares.
   *
   * @param slopes derivative by the odds, shape (B, 1)
   */
  NDArray gradients(NDArray slopes) {
    return shares.muli(slopes).scatter(labels, slopes.neg(), 1);
  }
}
