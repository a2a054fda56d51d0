package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Set;

/**
 * Cross entropy over a softmax, with optional class weights and label smoothing: the baseline that
 * a focal loss has to beat.
 *
 * <p>{@code value = -alpha[y] * ((1 - eps) * log(p[y]) + eps * mean(log(p)))} with {@code p =
 * softmax(logits)}, for logits of shape (B, C) with C at least 2 and labels from 0 to C - 1; the
 * gradient is {@code alpha[y] * (p - (1 - eps) * onehot(y) - eps / C)}. Without smoothing equal to
 * {@link FocalLoss} with gamma 0, in fewer operations; only where p is next to 1 is it less
 * accurate, by an absolute error of the size of the rounding of 1.
 *
 * @see <a href="https://arxiv.org/abs/1512.00567">Szegedy et al., Rethinking the Inception
 *     Architecture, arXiv:1512.00567 (label smoothing)</a>
 */
public final class CrossEntropyLoss implements ClassificationLoss {

  private final ClassWeights alpha;
  private final float smoothing;

  private CrossEntropyLoss(Builder builder) {
    smoothing = builder.smoothing;
    alpha = ClassWeights.of(builder.alphas);
  }

  /** Returns a builder with weight 1 for every class. */
  public static Builder builder() {
    return new Builder();
  }

  /** The weight of each class, in the order of the labels; one number is the weight of all. */
  public float[] alpha() {
    return alpha.numbers();
  }

  /** How much of each label is spread over all classes. */
  public float labelSmoothing() {
    return smoothing;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray one = constants.vector(1f);
    ClassWeights.Prepared weights = alpha.prepare(constants);
    if (smoothing == 0) {
      return new ClosedFormKernel(dataType, batch -> evaluate(batch, one, weights));
    }
    NDArray rest = constants.scalar(1 - (double) smoothing);
    NDArray share = constants.vector(smoothing);
    return new ClosedFormKernel(dataType, batch -> evaluateSmooth(batch, rest, share, weights));
  }

  @Override
  public Set<LossTrait> traits() {
    return alpha.traits();
  }

  private static RowLosses evaluate(Batch batch, NDArray one, ClassWeights.Prepared alpha) {
    batch.requireSeveralClasses();
    alpha.check(batch);
    NDArray labels = batch.labelColumn();
    SoftmaxTerms terms = SoftmaxTerms.of(batch.logits(), labels, one);
    NDArray weights = alpha.ofRows(batch);
    NDArray column = weights.reshape(labels.getShape());
    return new RowLosses(
        batch.flat(terms.values().muli(column)), terms.gradients().muli(column), weights);
  }

  private static RowLosses evaluateSmooth(
      Batch batch, NDArray rest, NDArray share, ClassWeights.Prepared alpha) {
    batch.requireSeveralClasses();
    alpha.check(batch);
    NDArray labels = batch.labelColumn();
    NDArray logProbabilities = batch.logits().logSoftmax(1);
    NDArray target = logProbabilities.gather(labels, 1).abs().muli(rest);
    NDArray others = logProbabilities.mean(new int[] {1}, true).abs().muli(share);
    NDArray probabilities = logProbabilities.exp();
    // 1 / C of each row, without a number from the host.
    NDArray uniform = batch.ones().reshape(labels.getShape()).divi(batch.classCount()).muli(share);
    NDArray atLabel = probabilities.gather(labels, 1).subi(rest);
    NDArray weights = alpha.ofRows(batch);
    NDArray column = weights.reshape(labels.getShape());
    NDArray gradients = probabilities.scatter(labels, atLabel, 1).subi(uniform).muli(column);
    return new RowLosses(batch.flat(target.addi(others).muli(column)), gradients, weights);
  }

  /** Collects the settings of a {@link CrossEntropyLoss}. */
  public static final class Builder {

    private float[] alphas = {};
    private float smoothing;

    private Builder() {}

    /**
     * Sets how much of each label is spread over all classes: from 0 to below 1. Default 0.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder optLabelSmoothing(float smoothing) {
      if (!(smoothing >= 0 && smoothing < 1)) {
        throw new IllegalArgumentException(
            "Label smoothing must be from 0 to below 1 but is %s.".formatted(smoothing));
      }
      this.smoothing = smoothing;
      return this;
    }

    /**
     * Sets the weight of each class, in the order of the labels; one number is the weight of all.
     *
     * <p>Finite, at least 0 and not all 0. Default 1.
     */
    public Builder optAlpha(float... alphas) {
      this.alphas = alphas.clone();
      return this;
    }

    /**
     * Returns the loss.
     *
     * @throws IllegalArgumentException if alpha is out of range
     */
    public CrossEntropyLoss build() {
      return new CrossEntropyLoss(this);
    }
  }
}
