package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * Cross entropy over a softmax, with optional class weights: the baseline that a focal loss has to
 * beat.
 *
 * <p>{@code value = -alpha[y] * log(p[y])} with {@code p = softmax(logits)}, for logits of shape
 * (B, C) with C at least 2 and labels from 0 to C - 1; the gradient is {@code alpha[y] * (p -
 * onehot(y))}. Equal to {@link FocalLoss} with gamma 0, in fewer operations; only where p is next
 * to 1 is it less accurate, by an absolute error of the size of the rounding of 1.
 */
public final class CrossEntropyLoss implements ClassificationLoss {

  private final ClassWeights alpha;

  private CrossEntropyLoss(Builder builder) {
    alpha = ClassWeights.of(builder.alphas);
  }

  /** Returns a builder with weight 1 for every class. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray one = constants.vector(1f);
    ClassWeights.Prepared weights = alpha.prepare(constants);
    return new ClosedFormKernel(dataType, batch -> evaluate(batch, one, weights));
  }

  private static RowLosses evaluate(Batch batch, NDArray one, ClassWeights.Prepared alpha) {
    batch.requireSeveralClasses();
    alpha.check(batch);
    NDArray labels = batch.labelColumn();
    NDArray logProbabilities = batch.logits().logSoftmax(1);
    NDArray values = logProbabilities.gather(labels, 1).abs();
    NDArray probabilities = logProbabilities.exp();
    NDArray target = probabilities.gather(labels, 1).subi(one);
    NDArray weights = alpha.ofRows(batch);
    NDArray weightColumn = weights.reshape(labels.getShape());
    NDArray gradients = probabilities.scatter(labels, target, 1).muli(weightColumn);
    return new RowLosses(batch.flat(values.muli(weightColumn)), gradients, weights);
  }

  /** Collects the settings of a {@link CrossEntropyLoss}. */
  public static final class Builder {

    private float[] alphas = {};

    private Builder() {}

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
