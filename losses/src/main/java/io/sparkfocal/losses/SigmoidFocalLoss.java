package io.sparkfocal.losses;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * Sigmoid focal loss (Lin et al., arXiv 1708.02002) for one logit x per row, shape (B, 1), and
 * labels 0 and 1.
 *
 * <p>In closed form, with s = 2 y - 1, d = -s x, l = -softplus(d), m = -softplus(-d), and alpha the
 * weight of the row's class:
 *
 * <pre>L = -alpha e^(gamma m) l,   dL/dx = -s alpha e^(gamma m) (e^m - gamma e^l l)</pre>
 */
public final class SigmoidFocalLoss implements ClassificationLoss {

  private final float gamma;
  private final float negativeWeight;
  private final float positiveWeight;

  private SigmoidFocalLoss(Builder builder) {
    this.gamma = builder.gamma;
    this.negativeWeight = builder.negativeWeight;
    this.positiveWeight = builder.positiveWeight;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    return new SigmoidFocalKernel(
        gamma, negativeWeight, positiveWeight, new Constants(manager, dataType));
  }

  /** A builder with gamma 2 and alpha 0.25. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link SigmoidFocalLoss}. */
  public static final class Builder {

    private float gamma = 2;
    private float negativeWeight = 0.75f;
    private float positiveWeight = 0.25f;

    private Builder() {}

    /** The focusing exponent, as for {@link FocalLoss.Builder#optGamma}. */
    public Builder optGamma(float gamma) {
      this.gamma = ClassWeights.checkedGamma(gamma);
      return this;
    }

    /**
     * The weight of positives; negatives get 1 - alpha.
     *
     * @throws IllegalArgumentException if it is outside [0, 1]
     */
    public Builder optAlpha(float alpha) {
      if (!(alpha >= 0 && alpha <= 1)) {
        throw new IllegalArgumentException(
            "alpha is " + alpha + "; the weight of positives must be from 0 to 1.");
      }
      return optClassWeights(1 - alpha, alpha);
    }

    /**
     * The weights of both classes.
     *
     * @throws IllegalArgumentException if one is negative or not finite, or both are 0
     */
    public Builder optClassWeights(float negative, float positive) {
      ClassWeights.checked(negative, positive);
      this.negativeWeight = negative;
      this.positiveWeight = positive;
      return this;
    }

    /** The loss. */
    public SigmoidFocalLoss build() {
      return new SigmoidFocalLoss(this);
    }
  }
}
