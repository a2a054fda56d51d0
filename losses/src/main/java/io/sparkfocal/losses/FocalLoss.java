package io.sparkfocal.losses;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * Softmax focal loss (Lin et al., arXiv 1708.02002) for logits of shape (B, C), C at least 2.
 *
 * <pre>L = -alpha_t (1 - p_t)^gamma log p_t</pre>
 *
 * <p>In closed form, with d = logsumexp of the other logits - z_t, l = log p_t = -softplus(d), m =
 * log(1 - p_t) = -softplus(-d):
 *
 * <pre>L = -alpha e^(gamma m) l,   G = alpha e^(gamma m) (e^m - gamma e^l l)
 * dL/dz_t = -G,   dL/dz_j = G exp(z_j - logsumexp of the other logits)</pre>
 *
 * <p>There is no power with exponent gamma - 1, so that value and gradient are finite for every
 * gamma of at least 0 and all finite logits.
 */
public final class FocalLoss implements ClassificationLoss {

  private final float gamma;
  private final float[] alpha;

  private FocalLoss(Builder builder) {
    this.gamma = builder.gamma;
    this.alpha = builder.alpha;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    return new SoftmaxFocalKernel(gamma, alpha, new Constants(manager, dataType));
  }

  /** A builder with gamma 2 and alpha 1. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link FocalLoss}. */
  public static final class Builder {

    private float gamma = 2;
    private float[] alpha = {};

    private Builder() {}

    /**
     * The focusing exponent; 0 is cross entropy.
     *
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public Builder optGamma(float gamma) {
      this.gamma = ClassWeights.checkedGamma(gamma);
      return this;
    }

    /**
     * Class weights: one per class, one for all classes, or none for 1.
     *
     * @throws IllegalArgumentException if one is negative or not finite, or all are 0
     */
    public Builder optAlpha(float... alpha) {
      this.alpha = ClassWeights.checked(alpha);
      return this;
    }

    /** The loss. */
    public FocalLoss build() {
      return new FocalLoss(this);
    }
  }
}
