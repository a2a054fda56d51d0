package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;

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
    NDArray one = constants.vector(1);
    NDArray exponent = constants.vector(beta);
    Power lower = new Power(constants, beta - 1);
    return new SigmoidKernel(
        constants,
        (logits, targets) -> {
          NDArray p = Activation.sigmoid(logits);
          NDArray q = Activation.sigmoid(logits.neg());
          NDArray rest = one.sub(targets);
          // p - t = p (1 - t) - q t, in which nothing cancels for t of 0 or 1.
          NDArray error = p.mul(rest).subi(q.mul(targets));
          NDArray distance = error.abs();
          NDArray crossEntropy = Activation.softPlus(logits.neg()).addi(rest.muli(logits));
          NDArray inner = lower.raise(distance);
          NDArray pull = inner.mul(exponent).muli(error.sign()).muli(p.muli(q)).muli(crossEntropy);
          NDArray focus = inner.muli(distance);
          return new SigmoidKernel.Elements(
              focus.mul(crossEntropy), focus.muli(error).addi(pull), null);
        });
  }

  @Override
  public int outputs(int classes) {
    return classes == 2 ? 1 : classes;
  }

  @Override
  public boolean isSigmoid() {
    return true;
  }
}
