package io.sparkfocal.losses;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * Softmax cross entropy with class weights, for logits of shape (B, C), C at least 2.
 *
 * <pre>L = -alpha_t log p_t,   dL/dz_j = alpha_t (p_j - [j = t])</pre>
 *
 * <p>Focal loss with gamma 0: the gradient of the true class is -alpha (1 - p_t) with 1 - p_t taken
 * in log space, so that it does not cancel.
 */
public final class CrossEntropyLoss implements ClassificationLoss {

  private final float[] alpha;

  private CrossEntropyLoss(Builder builder) {
    this.alpha = builder.alpha;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    return new SoftmaxFocalKernel(0, alpha, new Constants(manager, dataType));
  }

  /** A builder without class weights. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link CrossEntropyLoss}. */
  public static final class Builder {

    private float[] alpha = {};

    private Builder() {}

    /** Class weights, as for {@link FocalLoss.Builder#optAlpha}. */
    public Builder optAlpha(float... alpha) {
      this.alpha = ClassWeights.checked(alpha);
      return this;
    }

    /** The loss. */
    public CrossEntropyLoss build() {
      return new CrossEntropyLoss(this);
    }
  }
}
