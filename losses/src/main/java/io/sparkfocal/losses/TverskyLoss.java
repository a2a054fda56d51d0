package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import java.util.Set;

/**
 * Tversky loss: one minus a ratio of true positives to true positives, missed rows and false
 * alarms, counted by probabilities over the whole batch; with alpha and beta one half the dice loss
 * in its linear form (soft F1). V-Net's dice loss (arXiv:1606.04797) has squares in the
 * denominator.
 *
 * <p>{@code T[c] = TP / (TP + alpha * FN + beta * FP)} and {@code loss = mean((1 - T[c])^gamma)}
 * over the classes that have rows in the batch, with softmax probabilities; for one logit the
 * sigmoid and class 1 alone. Sums are those of all ranks, rows counted by their sample weights. The
 * loss of the batch is the value of each row, so that a mean over rows is that loss.
 *
 * @see <a href="https://arxiv.org/abs/1706.05721">Salehi et al., Tversky Loss Function for Image
 *     Segmentation, arXiv:1706.05721</a>
 * @see <a href="https://arxiv.org/abs/1810.07842">Abraham, Khan, A Novel Focal Tversky Loss
 *     Function, arXiv:1810.07842</a>
 */
public final class TverskyLoss implements ClassificationLoss {

  private static final float SMOOTH = 1e-6f;

  private final float alpha;
  private final float beta;
  private final float gamma;

  /**
   * A loss.
   *
   * @param alpha weight of missed rows, finite and at least 0; 0.7 is usual
   * @param beta weight of false alarms, finite and at least 0, not 0 with alpha; 0.3 is usual
   * @param gamma exponent, finite and above 0: 1 for the plain loss, 0.75 is usual for focal
   *     Tversky
   * @throws IllegalArgumentException if a number is out of range
   */
  public TverskyLoss(float alpha, float beta, float gamma) {
    ClassWeights.of(alpha, beta);
    if (!(gamma > 0) || Float.isInfinite(gamma)) {
      throw new IllegalArgumentException(
          "Gamma must be finite and above 0 but is %s.".formatted(gamma));
    }
    this.alpha = alpha;
    this.beta = beta;
    this.gamma = gamma;
  }

  /**
   * The dice loss in its linear form: alpha and beta one half, gamma 1.
   *
   * @see <a href="https://arxiv.org/abs/1707.03237">Sudre et al., Generalised Dice Overlap as a
   *     Deep Learning Loss Function for Highly Unbalanced Segmentations, arXiv:1707.03237</a>
   */
  public static TverskyLoss dice() {
    return new TverskyLoss(0.5f, 0.5f, 1);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    return prepare(manager, dataType, RankSum.ALONE);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType, RankSum ranks) {
    Ratio ratio = new Ratio(new Constants(manager, dataType), ranks, this);
    return new ClosedFormKernel(dataType, ratio::evaluate);
  }

  @Override
  public Set<LossTrait> traits() {
    return Set.of(LossTrait.COUPLES_ROWS);
  }

  /** The constants, and the loss over them. */
  private static final class Ratio {

    private final RankSum ranks;
    private final DataType dataType;
    private final NDArray zero;
    private final NDArray one;
    private final NDArray alpha;
    private final NDArray beta;
    private final NDArray rest;
    private final NDArray gamma;
    private final NDArray smooth;

    Ratio(Constants constants, RankSum ranks, TverskyLoss loss) {
      this.ranks = ranks;
      dataType = constants.dataType();
      zero = constants.vector(0);
      one = constants.vector(1);
      alpha = constants.vector(loss.alpha);
      beta = constants.vector(loss.beta);
      rest = constants.vector(1 - loss.alpha - loss.beta);
      gamma = constants.vector(loss.gamma);
      smooth = constants.vector(SMOOTH);
    }

    RowLosses evaluate(Batch batch) {
      return batch.classes() == 1 ? single(batch) : several(batch);
    }

    private RowLosses single(Batch batch) {
      NDArray p = Activation.sigmoid(batch.logits());
      NDArray truth = batch.labelColumn().toType(dataType, false);
      NDArray row = batch.weightColumn().transpose();
      Sums sums = sums(row.matMul(p.mul(truth)), row.matMul(truth), row.matMul(p), row);
      NDArray slopes = truth.mul(sums.atTruth).subi(sums.everywhere);
      NDArray gradients = slopes.muli(p).muli(Activation.sigmoid(batch.logits().neg()));
      return rows(batch, sums, gradients);
    }

    private RowLosses several(Batch batch) {
      NDArray labels = batch.labelColumn();
      NDArray p = batch.logits().softmax(1);
      NDArray own = p.gather(labels, 1);
      NDArray truth = batch.oneHot();
      NDArray row = batch.weightColumn().transpose();
      NDArray ofTruth = row.mul(own.transpose()).concat(row, 0).matMul(truth);
      Sums sums = sums(ofTruth.get("0:1"), ofTruth.get("1:2"), row.matMul(p), row);

      // Slopes by p are b[y] at the truth and -a elsewhere too; then through the softmax.
      NDArray pulled = own.muli(sums.atTruth.gather(batch.labels(), 0).reshape(labels.getShape()));
      NDArray inner = pulled.sub(p.matMul(sums.everywhere.reshape(batch.classes(), 1)));
      NDArray gradients = sums.everywhere.neg().sub(inner).muli(p);
      NDArray atTruth = gradients.gather(labels, 1).addi(pulled);
      return rows(batch, sums, gradients.scatter(labels, atTruth, 1));
    }

    private static RowLosses rows(Batch batch, Sums sums, NDArray gradients) {
      NDArray ones = batch.ones();
      return new RowLosses(ones.mul(sums.loss), gradients.muli(sums.total), ones);
    }

    /**
     * What the sums over all rows make of it.
     *
     * @param loss scalar
     * @param total weight of all rows, shape (1)
     * @param atTruth what a slope by a probability is more at the truth, shape (C)
     * @param everywhere what it is less at all classes, shape (C)
     */
    private record Sums(NDArray loss, NDArray total, NDArray atTruth, NDArray everywhere) {}

    /** From weighted sums of true probabilities, labels and probabilities of each class, (1, C). */
    private Sums sums(NDArray ofTrue, NDArray ofLabels, NDArray ofAll, NDArray weights) {
      long c = ofAll.getShape().get(1);
      NDArray sums =
          ofTrue
              .concat(ofLabels, 1)
              .concat(ofAll, 1)
              .concat(weights.sum().reshape(1, 1), 1)
              .reshape(3 * c + 1);
      ranks.allReduce(sums);
      NDArray positives = sums.get("0:" + c);
      NDArray support = sums.get(c + ":" + 2 * c);
      NDArray predicted = sums.get(2 * c + ":" + 3 * c);

      NDArray divisor = positives.mul(rest).addi(support.mul(alpha)).addi(predicted.mul(beta));
      divisor.addi(smooth);
      NDArray ratio = positives.add(smooth).divi(divisor);
      NDArray present = support.gt(zero).toType(dataType, false);
      NDArray share = present.div(present.sum().reshape(1).maximum(one));
      // 1 - ratio, from what is missed and what is false, in which nothing cancels.
      NDArray gap = support.sub(positives).muli(alpha);
      gap.addi(predicted.sub(positives).muli(beta)).divi(divisor);
      NDArray loss = gap.maximum(zero).pow(gamma).mul(share).sum();

      // d loss / d ratio, then d ratio / d p = (truth - ratio (rest * truth + beta)) / divisor.
      NDArray least = gap.maximum(smooth);
      NDArray pull = least.pow(gamma).divi(least).muli(gamma).muli(share).divi(divisor).neg();
      return new Sums(
          loss,
          sums.get(3 * c + ":"),
          one.sub(ratio.mul(rest)).muli(pull),
          ratio.mul(beta).muli(pull));
    }
  }
}
