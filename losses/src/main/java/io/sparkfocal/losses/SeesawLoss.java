package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Set;

/**
 * Seesaw loss: rare classes are pushed down less by rows of common ones (mitigation), and any class
 * more by a row that is mistaken for it (compensation).
 *
 * <p>{@code value = crossEntropy(z + log M[y] + log K)} with {@code M[y][j] = min(1, N[j] /
 * N[y])^p} for the numbers N of rows of each class that training has seen so far, on all ranks, at
 * least 1 (or those given beforehand), and {@code K[j] = max(1, p[j] / max(p[y], 0.01))^q}; both
 * are held constant in the gradient. A kernel counts the batches that it was given, unless the
 * classes were counted beforehand.
 *
 * @see <a href="https://arxiv.org/abs/2008.10032">Wang et al., Seesaw Loss for Long-Tailed Instance
 *     Segmentation, arXiv:2008.10032</a>
 */
public final class SeesawLoss implements ClassificationLoss {

  private static final float LEAST_SCORE = 0.01f;

  private final float mitigation;
  private final float compensation;
  private final float[] counts;

  /**
   * A loss.
   *
   * @param mitigation the paper's p, finite and at least 0; 0.8 is usual
   * @param compensation the paper's q, finite and at least 0; 2 is usual
   * @param counts rows of each class in all training data; none to count batches
   * @throws IllegalArgumentException if a number is out of range
   */
  public SeesawLoss(float mitigation, float compensation, long... counts) {
    if (!(mitigation >= 0 && compensation >= 0)
        || Float.isInfinite(mitigation)
        || Float.isInfinite(compensation)) {
      throw new IllegalArgumentException(
          "Mitigation and compensation must be finite and at least 0 but are %s and %s."
              .formatted(mitigation, compensation));
    }
    this.mitigation = mitigation;
    this.compensation = compensation;
    this.counts = new float[counts.length];
    for (int i = 0; i < counts.length; i++) {
      this.counts[i] = counts[i];
    }
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    return prepare(manager, dataType, RankSum.ALONE);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType, RankSum ranks) {
    Constants constants = new Constants(manager, dataType);
    Seen seen = new Seen(constants, ranks, counts);
    NDArray one = constants.vector(1);
    NDArray p = constants.vector(mitigation);
    NDArray q = constants.vector(compensation);
    NDArray leastLog = constants.vector((float) Math.log(LEAST_SCORE));
    return new ClosedFormKernel(
        dataType,
        batch -> {
          batch.requireSeveralClasses();
          NDArray labels = batch.labelColumn();
          NDArray logCounts = seen.logCounts(batch).muli(p);
          NDArray own = logCounts.gather(batch.labels(), 0).reshape(labels.getShape());
          NDArray logs = batch.logits().logSoftmax(1);
          NDArray score = NDArrays.maximum(logs.gather(labels, 1), leastLog).muli(q);
          // log M = min(p log N, own) - own and log K = max(q log p, score) - score: what is taken
          // away is the same for all classes of a row, which a softmax does not see.
          NDArray shifted = logs.mul(q).maximum(score).addi(logs);
          shifted.addi(logCounts.minimum(own));
          return SoftmaxTerms.of(shifted, labels, one).rows(batch);
        });
  }

  @Override
  public Set<LossTrait> traits() {
    return counts.length > 0
        ? Set.of(LossTrait.HOLDS_FACTORS_CONSTANT, LossTrait.KNOWS_CLASSES)
        : Set.of(LossTrait.COUPLES_ROWS, LossTrait.HOLDS_FACTORS_CONSTANT);
  }

  /**
   * How many rows of each class the ranks have seen, or were said to have; rows of weight 0 are not
   * seen.
   */
  private static final class Seen {

    private final Constants constants;
    private final RankSum ranks;
    private final NDArray zero;
    private final NDArray one;
    private final boolean known;
    private NDArray counts;

    Seen(Constants constants, RankSum ranks, float[] known) {
      this.constants = constants;
      this.ranks = ranks;
      this.zero = constants.vector(0);
      this.one = constants.vector(1);
      this.known = known.length > 0;
      this.counts = this.known ? constants.vector(known) : zero;
    }

    /** Shape (C), with the batch counted. */
    synchronized NDArray logCounts(Batch batch) {
      if (known) {
        requireCount(batch);
        return counts.maximum(one).log();
      }
      if (counts.size() != batch.classes()) {
        counts = constants.vector(new float[Math.toIntExact(batch.classes())]);
      }
      NDArray present = batch.weightColumn().gt(zero).toType(constants.dataType(), false);
      NDArray added = present.transpose().matMul(batch.oneHot()).reshape(batch.classes());
      ranks.allReduce(added);
      counts.addi(added);
      return counts.maximum(one).log();
    }

    private void requireCount(Batch batch) {
      if (counts.size() != batch.classes()) {
        throw new IllegalArgumentException(
            "The logits have %s classes but counts were given for %s."
                .formatted(batch.classes(), counts.size()));
      }
    }
  }
}
