package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import org.jspecify.annotations.Nullable;

/**
 * Quality focal loss: the focal loss for targets anywhere from 0 to 1.
 *
 * <p>{@code value = |t - p|^beta * -(t * log(p) + (1 - t) * log(1 - p))} with {@code p =
 * sigmoid(logit)}, added up over a row's logits; logits and targets as for {@link
 * SigmoidFocalLoss}, targets from 0 to 1.
 *
 * @see <a href="https://arxiv.org/abs/2006.04388">Li et al., Generalized Focal Loss,
 *     arXiv:2006.04388</a>
 */
public final class QualityFocalLoss implements ClassificationLoss {

  private final float beta;

  /**
   * A loss.
   *
   * @param beta focus, finite and at least 1, below which the slope is infinite at the target; 2 is
   *     usual
   * @throws IllegalArgumentException if beta is out of range
   */
  public QualityFocalLoss(float beta) {
    if (!(beta >= 1) || Float.isInfinite(beta)) {
      throw new IllegalArgumentException(
          "Beta must be finite and at least 1 but is %s.".formatted(beta));
    }
    this.beta = beta;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    Form form = new Form(constants, beta);
    return new SigmoidKernel(constants, beta >= 2 ? form::steep : form::flat);
  }

  @Override
  public int outputs(int classes) {
    return classes == 2 ? 1 : classes;
  }

  @Override
  public boolean isSigmoid() {
    return true;
  }

  /** The constants, and the loss over them. */
  private static final class Form {

    private final NDArray zero;
    private final NDArray one;
    private final NDArray exponent;
    private final Power lower;
    private final @Nullable Power lowest;

    Form(Constants constants, float beta) {
      zero = constants.vector(0);
      one = constants.vector(1);
      exponent = constants.vector(beta);
      lower = new Power(constants, beta - 1);
      lowest = beta > 2 ? new Power(constants, beta - 2) : null;
    }

    /** From beta 2 on the slope is |e|^(beta - 2) e (e^2 + beta p q ce), with e = p - t. */
    SigmoidKernel.Elements steep(NDArray logits, NDArray targets) {
      NDArray p = Activation.sigmoid(logits);
      NDArray q = Activation.sigmoid(logits.neg());
      NDArray rest = one.sub(targets);
      NDArray error = error(p, q, rest, targets);
      NDArray crossEntropy = SigmoidCrossEntropyLoss.crossEntropy(logits, rest, zero);
      NDArray square = error.mul(error);
      NDArray slopes = p.muli(q).muli(crossEntropy).muli(exponent).addi(square).muli(error);
      NDArray values = square.muli(crossEntropy);
      if (lowest != null) {
        NDArray inner = lowest.raise(error.abs());
        values.muli(inner);
        slopes.muli(inner);
      }
      return new SigmoidKernel.Elements(values, slopes, null);
    }

    SigmoidKernel.Elements flat(NDArray logits, NDArray targets) {
      NDArray p = Activation.sigmoid(logits);
      NDArray q = Activation.sigmoid(logits.neg());
      NDArray rest = one.sub(targets);
      NDArray error = error(p, q, rest, targets);
      NDArray distance = error.abs();
      NDArray crossEntropy = SigmoidCrossEntropyLoss.crossEntropy(logits, rest, zero);
      NDArray inner = lower.raise(distance);
      NDArray pull = inner.mul(exponent).muli(error.sign()).muli(p.muli(q)).muli(crossEntropy);
      NDArray focus = inner.muli(distance);
      return new SigmoidKernel.Elements(
          focus.mul(crossEntropy), focus.muli(error).addi(pull), null);
    }

    /** p - t = p (1 - t) - q t, in which nothing cancels for t of 0 or 1. */
    private static NDArray error(NDArray p, NDArray q, NDArray rest, NDArray targets) {
      return p.mul(rest).subi(q.mul(targets));
    }
  }
}
