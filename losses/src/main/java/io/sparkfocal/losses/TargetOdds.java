package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;

/**
 * Logits of a softmax as one number per row, the log odds against the true class, and the way back
 * to a gradient.
 */
final class TargetOdds {

  private final NDArray oddsAgainst;
  private final NDArray signsOrShares;
  private final NDArray labels;

  private TargetOdds(NDArray oddsAgainst, NDArray signsOrShares, NDArray labels) {
    this.oddsAgainst = oddsAgainst;
    this.signsOrShares = signsOrShares;
    this.labels = labels;
  }

  /** d = lse of the other logits - logit of the true class, shape (B, 1). */
  NDArray oddsAgainst() {
    return oddsAgainst;
  }

  /** Softmax over the other classes, 0 at the true one, shape (B, C); for more than two classes. */
  NDArray shares() {
    return signsOrShares;
  }

  /**
   * The gradient by the logits of a function of the odds; uses up the shares.
   *
   * @param slopes derivative by the odds, shape (B, 1)
   */
  NDArray gradients(NDArray slopes) {
    if (signsOrShares.getShape().get(1) == 1) {
      NDArray second = signsOrShares.muli(slopes);
      return NDArrays.concat(new NDList(second.neg(), second), 1);
    }
    return signsOrShares.muli(slopes).scatter(labels, slopes.neg(), 1);
  }

  /** The constants with which odds are taken. */
  static final class Way {

    private final NDArray minusInfinity;
    private final NDArray signs;

    Way(Constants constants) {
      minusInfinity = constants.vector(Float.NEGATIVE_INFINITY);
      signs = constants.vector(1, -1);
    }

    /** Takes the true class out of the softmax, so that nothing cancels where it is next to 1. */
    TargetOdds of(Batch batch) {
      batch.requireSeveralClasses();
      return batch.classes() == 2 ? ofTwo(batch) : ofMany(batch);
    }

    private TargetOdds ofTwo(Batch batch) {
      NDArray labels = batch.labelColumn();
      NDArray sign = signs.gather(batch.labels(), 0).reshape(labels.getShape());
      NDArray odds = batch.logits().get(":, 1:2").sub(batch.logits().get(":, 0:1")).muli(sign);
      return new TargetOdds(odds, sign, labels);
    }

    private TargetOdds ofMany(Batch batch) {
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
  }
}
