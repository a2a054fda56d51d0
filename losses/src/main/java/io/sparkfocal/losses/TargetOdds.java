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
  private final NDArray signsOrOthers;
  private final NDArray sum;
  private final NDArray labels;

  private TargetOdds(NDArray oddsAgainst, NDArray signsOrOthers, NDArray sum, NDArray labels) {
    this.oddsAgainst = oddsAgainst;
    this.signsOrOthers = signsOrOthers;
    this.sum = sum;
    this.labels = labels;
  }

  /** d = lse of the other logits - logit of the true class, shape (B, 1). */
  NDArray oddsAgainst() {
    return oddsAgainst;
  }

  /** Probabilities, 0 at the true class, shape (B, C); for more than two classes. */
  NDArray others() {
    return signsOrOthers;
  }

  /** Their sum, shape (B, 1), never quite 0; for more than two classes. */
  NDArray sum() {
    return sum;
  }

  /**
   * The gradient by the logits of a function of the odds; uses up the others.
   *
   * @param slopes derivative by the odds, shape (B, 1)
   */
  NDArray gradients(NDArray slopes) {
    if (signsOrOthers.getShape().get(1) == 1) {
      NDArray second = signsOrOthers.muli(slopes);
      return NDArrays.concat(new NDList(second.neg(), second), 1);
    }
    return signsOrOthers.muli(slopes.div(sum)).scatter(labels, slopes.neg(), 1);
  }

  /** The constants with which odds are taken. */
  static final class Way {

    private final NDArray tiny;
    private final NDArray signs;

    Way(Constants constants) {
      tiny = constants.vector(Float.MIN_NORMAL);
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
      return new TargetOdds(odds, sign, sign, labels);
    }

    private TargetOdds ofMany(Batch batch) {
      NDArray labels = batch.labelColumn();
      NDArray logs = batch.logits().logSoftmax(1);
      NDArray target = logs.gather(labels, 1);
      // q as the sum of the others, not 1 - p, which would cancel where p is next to 1.
      NDArray others = logs.exp().scatter(labels, target.zerosLike(), 1);
      NDArray q = others.sum(new int[] {1}, true);
      NDArray oddsAgainst = q.log().subi(target);
      return new TargetOdds(oddsAgainst, others, q.maximum(tiny), labels);
    }
  }
}
