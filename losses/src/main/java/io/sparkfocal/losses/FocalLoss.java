package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Set;

/**
 * The focal loss over a softmax: cross entropy in which a row counts the less, the surer the model
 * already is of its class.
 *
 * <p>{@code value = -alpha[y] * (1 - p[y])^gamma * log(p[y])} with {@code p = softmax(logits)}, for
 * logits of shape (B, C) with C at least 2 and labels from 0 to C - 1. It is computed from the log
 * odds of the true class against the others, so that value and gradient are accurate also where p
 * is next to 0 or 1, for every gamma. The gradient of a row sums to 0.
 *
 * <p>With gamma 0 this is {@link CrossEntropyLoss}. Gamma and alpha interact: as gamma grows, lower
 * the weight of the rare classes.
 *
 * @see <a href="https://arxiv.org/abs/1708.02002">Lin et al., Focal Loss for Dense Object
 *     Detection, arXiv:1708.02002</a>
 */
public final class FocalLoss implements ClassificationLoss {

  private final float gamma;
  private final ClassWeights alpha;

  private FocalLoss(Builder builder) {
    gamma = FocalTerms.requireGamma(builder.gamma);
    alpha = ClassWeights.of(builder.alphas);
  }

  /** Returns a builder with gamma 2 and weight 1 for every class. */
  public static Builder builder() {
    return new Builder();
  }

  /** The focus. */
  public float gamma() {
    return gamma;
  }

  /** The weight of each class, in the order of the labels; one number is the weight of all. */
  public float[] alpha() {
    return alpha.numbers();
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    Power exponent = new Power(constants, gamma);
    TargetOdds.Way odds = new TargetOdds.Way(constants);
    ClassWeights.Prepared weights = alpha.prepare(constants);
    return new ClosedFormKernel(dataType, batch -> evaluate(batch, exponent, odds, weights));
  }

  @Override
  public Set<LossTrait> traits() {
    return alpha.traits();
  }

  private static RowLosses evaluate(
      Batch batch, Power gamma, TargetOdds.Way way, ClassWeights.Prepared alpha) {
    alpha.check(batch);
    TargetOdds odds = way.of(batch);
    FocalTerms terms = FocalTerms.of(odds.oddsAgainst(), gamma);
    NDArray weights = alpha.ofRows(batch);
    NDArray weightColumn = weights.reshape(batch.labelColumn().getShape());
    NDArray gradients = odds.gradients(terms.slopes().muli(weightColumn));
    return new RowLosses(batch.flat(terms.values().muli(weightColumn)), gradients, weights);
  }

  /** Collects the settings of a {@link FocalLoss}. */
  public static final class Builder {

    private float gamma = 2f;
    private float[] alphas = {};

    private Builder() {}

    /** Sets the focus: finite and at least 0; 0 is cross entropy. Default 2. */
    public Builder optGamma(float gamma) {
      this.gamma = gamma;
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
     * @throws IllegalArgumentException if gamma or alpha is out of range
     */
    public FocalLoss build() {
      return new FocalLoss(this);
    }
  }
}
