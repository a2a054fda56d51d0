package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * The focal loss over a sigmoid of each logit: for two classes with one logit per row, the log odds
 * of class 1, for more classes one against the rest, and for rows with several labels.
 *
 * <p>{@code value = -alpha * (1 - p)^gamma * log(p)} for a target of 1 and {@code -(1 - alpha) *
 * p^gamma * log(1 - p)} for 0, with {@code p = sigmoid(logit)}; a row's value is the sum over its
 * logits. Logits have shape (B, C); labels are class numbers (0 or 1 where C is 1) or targets 0 and
 * 1 of shape (B, C), or from 0 to 1 where the loss is told so ({@link Builder#optShares}), of which
 * one between counts as both, by its share. Value and gradient are accurate for every finite logit
 * and every gamma.
 *
 * <p>The default alpha, 0.25, is that of the paper for gamma 2. It looks the wrong way round for a
 * rare class 1, and is so because gamma 2 already takes most of the weight from the easy rows of
 * class 0.
 *
 * @see <a href="https://arxiv.org/abs/1708.02002">Lin et al., Focal Loss for Dense Object
 *     Detection, arXiv:1708.02002</a>
 */
public final class SigmoidFocalLoss implements ClassificationLoss {

  private final float gamma;
  private final float negativeWeight;
  private final float positiveWeight;
  private final boolean shares;

  private SigmoidFocalLoss(Builder builder) {
    gamma = FocalTerms.requireGamma(builder.gamma);
    ClassWeights.of(builder.negativeWeight, builder.positiveWeight);
    negativeWeight = builder.negativeWeight;
    positiveWeight = builder.positiveWeight;
    shares = builder.shares;
  }

  /** Returns a builder with gamma 2, weight 0.25 for targets 1 and 0.75 for targets 0. */
  public static Builder builder() {
    return new Builder();
  }

  /** The focus. */
  public float gamma() {
    return gamma;
  }

  /** The weights of targets 0 and targets 1. */
  public float[] weights() {
    return new float[] {negativeWeight, positiveWeight};
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    Power exponent = new Power(constants, gamma);
    if (shares) {
      return new SigmoidKernel(constants, ofShares(constants, exponent));
    }
    NDArray one = constants.vector(1f);
    NDArray minusTwo = constants.vector(-2f);
    NDArray negative = constants.vector(negativeWeight);
    NDArray difference = constants.vector(positiveWeight - negativeWeight);
    return new SigmoidKernel(
        constants,
        (logits, targets) -> {
          // Log odds against the truth: the logit for target 0, its opposite for target 1.
          NDArray sign = targets.mul(minusTwo).addi(one);
          FocalTerms terms = FocalTerms.of(logits.mul(sign), exponent);
          NDArray weights = targets.mul(difference).addi(negative);
          return new SigmoidKernel.Elements(
              terms.values().muli(weights), terms.slopes().muli(weights).muli(sign), weights);
        });
  }

  /** Both curves, each by its share. */
  private SigmoidKernel.Formula ofShares(Constants constants, Power exponent) {
    NDArray one = constants.vector(1f);
    NDArray negative = constants.vector(negativeWeight);
    NDArray positive = constants.vector(positiveWeight);
    return (logits, targets) -> {
      NDArray present = targets.mul(positive);
      NDArray absent = one.sub(targets).muli(negative);
      FocalTerms ifAbsent = FocalTerms.of(logits, exponent);
      FocalTerms ifPresent = FocalTerms.of(logits.neg(), exponent);
      return new SigmoidKernel.Elements(
          ifPresent.values().muli(present).addi(ifAbsent.values().muli(absent)),
          ifAbsent.slopes().muli(absent).subi(ifPresent.slopes().muli(present)),
          present.add(absent));
    };
  }

  @Override
  public int outputs(int classes) {
    return classes == 2 ? 1 : classes;
  }

  @Override
  public boolean isSigmoid() {
    return true;
  }

  /** Collects the settings of a {@link SigmoidFocalLoss}. */
  public static final class Builder {

    private float gamma = 2f;
    private float negativeWeight = 0.75f;
    private float positiveWeight = 0.25f;
    private boolean shares;

    private Builder() {}

    /** Sets the focus: finite and at least 0; 0 is cross entropy. Default 2. */
    public Builder optGamma(float gamma) {
      this.gamma = gamma;
      return this;
    }

    /**
     * Sets the weight of targets 1; targets 0 have one minus it. Default 0.25.
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

    /** Sets the weights of targets 0 and targets 1: finite, at least 0 and not both 0. */
    public Builder optWeights(float negativeWeight, float positiveWeight) {
      this.negativeWeight = negativeWeight;
      this.positiveWeight = positiveWeight;
      return this;
    }

    /** Says whether targets may lie between 0 and 1, which takes twice the time. Default false. */
    public Builder optShares(boolean shares) {
      this.shares = shares;
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
