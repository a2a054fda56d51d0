package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * The focal loss for two classes and one logit per row, the log odds of class 1.
 *
 * <p>{@code value = -alpha[y] * (1 - p[y])^gamma * log(p[y])} with {@code p[1] = sigmoid(logit)}
 * and {@code p[0] = sigmoid(-logit)}, for logits of shape (B, 1) and labels 0 or 1. Value and
 * gradient are accurate for every finite logit and every gamma.
 *
 * <p>The default alpha, 0.25 for class 1 and 0.75 for class 0, is that of the paper for gamma 2. It
 * looks the wrong way round for a rare class 1, and is so because gamma 2 already takes most of the
 * weight from the easy rows of class 0.
 *
 * @see <a href="https://arxiv.org/abs/1708.02002">Lin et al., Focal Loss for Dense Object
 *     Detection, arXiv:1708.02002</a>
 */
public final class SigmoidFocalLoss implements ClassificationLoss {

  private final float gamma;
  private final ClassWeights weights;

  private SigmoidFocalLoss(Builder builder) {
    gamma = FocalTerms.requireGamma(builder.gamma);
    weights = ClassWeights.of(builder.negativeWeight, builder.positiveWeight);
  }

  /** Returns a builder with gamma 2, weight 0.25 for class 1 and 0.75 for class 0. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray exponent = constants.vector(gamma);
    NDArray signs = constants.vector(1f, -1f);
    ClassWeights.Prepared alpha = weights.prepare(constants);
    return new ClosedFormKernel(dataType, batch -> evaluate(batch, exponent, signs, alpha));
  }

  private static RowLosses evaluate(
      Batch batch, NDArray gamma, NDArray signs, ClassWeights.Prepared alpha) {
    NDArray logits = batch.logits();
    if (batch.classes() != 1) {
      throw new IllegalArgumentException(
          "A sigmoid loss needs logits of shape (B, 1) but they have shape %s; for several logits per row use FocalLoss."
              .formatted(logits.getShape()));
    }
    // Log odds against the true class: the logit for label 0, its opposite for label 1.
    NDArray sign = signs.gather(batch.labels(), 0).reshape(logits.getShape());
    FocalTerms terms = FocalTerms.of(logits.mul(sign), gamma);
    NDArray rowWeights = alpha.ofRows(batch);
    NDArray weightColumn = rowWeights.reshape(logits.getShape());
    NDArray gradients = terms.slopes().muli(weightColumn).muli(sign);
    return new RowLosses(batch.flat(terms.values().muli(weightColumn)), gradients, rowWeights);
  }

  /** Collects the settings of a {@link SigmoidFocalLoss}. */
  public static final class Builder {

    private float gamma = 2f;
    private float negativeWeight = 0.75f;
    private float positiveWeight = 0.25f;

    private Builder() {}

    /** Sets the focus: finite and at least 0; 0 is cross entropy. Default 2. */
    public Builder optGamma(float gamma) {
      this.gamma = gamma;
      return this;
    }

    /**
     * Sets the weight of class 1; class 0 has one minus it. Default 0.25.
     *
     * @throws IllegalArgumentException if alpha is not from 0 to 1
     */
    public Builder optAlpha(float alpha) {
      if (!(alpha >= 0 && alpha <= 1)) {
        throw new IllegalArgumentException(
            "Alpha must be from 0 to 1 but is %s; for any other pair use optWeights."
                .formatted(alpha));
      }
      return optWeights(1 - alpha, alpha);
    }

    /** Sets the weights of class 0 and class 1: finite, at least 0 and not both 0. */
    public Builder optWeights(float negativeWeight, float positiveWeight) {
      this.negativeWeight = negativeWeight;
      this.positiveWeight = positiveWeight;
      return this;
    }

    /**
     * Returns the loss.
     *
     * @throws IllegalArgumentException if gamma or a weight is out of range
     */
    public SigmoidFocalLoss build() {
      return new SigmoidFocalLoss(this);
    }
  }
}
