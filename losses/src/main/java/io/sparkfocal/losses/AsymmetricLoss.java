package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asymmetric loss for rows with several labels, most of which are absent: absent labels are focused
 * more than present ones, and forgotten below a margin.
 *
 * <p>For a target of 1 {@code -(1 - p)^gammaPositive * log(p)}, for 0 {@code -m^gammaNegative *
 * log(1 - m)} with {@code m = max(p - margin, 0)}, {@code p = sigmoid(logit)}; a row's value is the
 * sum over its logits. For a target between, both count by its share. Logits and targets as for
 * {@link SigmoidFocalLoss}, targets from 0 to 1.
 *
 * @see <a href="https://arxiv.org/abs/2009.14119">Ben-Baruch et al., Asymmetric Loss For
 *     Multi-Label Classification, arXiv:2009.14119</a>
 */
public final class AsymmetricLoss implements ClassificationLoss {

  private final float gammaPositive;
  private final float gammaNegative;
  private final float margin;

  /**
   * A loss.
   *
   * @param gammaPositive focus of present labels, finite and at least 0; 1 is usual
   * @param gammaNegative focus of absent labels, finite and at least 0; 4 is usual
   * @param margin probability below which an absent label counts nothing, from 0 to below 1; 0.05
   *     is usual
   * @throws IllegalArgumentException if a number is out of range
   */
  public AsymmetricLoss(float gammaPositive, float gammaNegative, float margin) {
    this.gammaPositive = FocalTerms.requireGamma(gammaPositive);
    this.gammaNegative = FocalTerms.requireGamma(gammaNegative);
    if (!(margin >= 0 && margin < 1)) {
      throw new IllegalArgumentException(
          "The margin must be from 0 to below 1 but is %s.".formatted(margin));
    }
    this.margin = margin;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    Power positive = new Power(constants, gammaPositive);
    NDArray one = constants.vector(1);
    Negatives negatives =
        margin == 0 ? unshifted(constants) : new Shifted(constants, gammaNegative, margin);
    return new SigmoidKernel(
        constants,
        (logits, targets) -> {
          NDArray p = Activation.sigmoid(logits);
          NDArray q = Activation.sigmoid(logits.neg());
          FocalTerms ifAbsent = negatives.of(logits, p, q);
          FocalTerms ifPresent =
              FocalTerms.of(
                  Activation.softPlus(logits.neg()), p, q, positive.raise(q), positive.exponent());
          NDArray absent = one.sub(targets);
          return new SigmoidKernel.Elements(
              ifPresent.values().mul(targets).addi(ifAbsent.values().mul(absent)),
              ifAbsent.slopes().mul(absent).subi(ifPresent.slopes().mul(targets)),
              null);
        });
  }

  /** Value and slope, by the logit, of absent labels; p and q are its sigmoid and 1 less it. */
  @FunctionalInterface
  private interface Negatives {
    FocalTerms of(NDArray logits, NDArray p, NDArray q);
  }

  private Negatives unshifted(Constants constants) {
    Power exponent = new Power(constants, gammaNegative);
    return (logits, p, q) ->
        FocalTerms.of(
            Activation.softPlus(logits), q.duplicate(), p, exponent.raise(p), exponent.exponent());
  }

  /** With a margin, 1 - m never comes near 0, so its logarithm is finite. */
  private static final class Shifted implements Negatives {

    private final Power exponent;
    private final @Nullable Power lower;
    private final NDArray minusOne;
    private final NDArray shift;
    private final NDArray zero;
    private final NDArray one;
    private final NDArray tiny;

    Shifted(Constants constants, float gamma, float margin) {
      exponent = new Power(constants, gamma);
      lower = gamma > 1 ? new Power(constants, gamma - 1) : null;
      minusOne = constants.vector(-1);
      shift = constants.vector(margin);
      zero = constants.vector(0);
      one = constants.vector(1);
      tiny = constants.vector(Float.MIN_NORMAL);
    }

    @Override
    public FocalTerms of(NDArray logits, NDArray p, NDArray q) {
      NDArray m = p.sub(shift).maximum(zero);
      NDArray rest = q.add(shift).minimum(one);
      NDArray crossEntropy = rest.log().muli(minusOne);
      if (lower != null) {
        // m^(gamma - 1) and the cross entropy are 0 below the margin, and so is the slope.
        NDArray inner = lower.raise(m);
        NDArray focus = m.muli(inner);
        NDArray slopes = inner.muli(crossEntropy).muli(exponent.exponent());
        slopes.addi(focus.div(rest)).muli(p).muli(q);
        return new FocalTerms(focus.muli(crossEntropy), slopes);
      }
      NDArray focus = exponent.raise(m);
      // m' = p q above the margin, 0 below it.
      NDArray above = p.gt(shift).toType(constantsType(), false).muli(p).muli(q);
      NDArray slopes =
          crossEntropy
              .div(m.maximum(tiny))
              .muli(exponent.exponent())
              .addi(one.div(rest))
              .muli(focus);
      return new FocalTerms(focus.muli(crossEntropy), slopes.muli(above));
    }

    private DataType constantsType() {
      return one.getDataType();
    }
  }

  @Override
  public int outputs(int classes) {
    return classes == 2 ? 1 : classes;
  }

  @Override
  public boolean isSigmoid() {
    return true;
  }

  @Override
  public Set<LossTrait> traits() {
    return margin == 0 ? Set.of() : Set.of(LossTrait.JUMPS);
  }
}
