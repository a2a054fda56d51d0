package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;

/**
 * Varifocal loss: cross entropy against a quality from 0 to 1, weighted by that quality, with a
 * focal loss for targets of 0.
 *
 * <p>For a target t above 0 {@code -t * (t * log(p) + (1 - t) * log(1 - p))}, for 0 {@code -alpha *
 * p^gamma * log(1 - p)}, with {@code p = sigmoid(logit)}; a row's value is the sum over its logits.
 * Logits and targets as for {@link SigmoidFocalLoss}, targets from 0 to 1.
 *
 * @see <a href="https://arxiv.org/abs/2008.13367">Zhang et al., VarifocalNet, arXiv:2008.13367</a>
 */
public final class VarifocalLoss implements ClassificationLoss {

  private final float alpha;
  private final float gamma;

  /**
   * A loss.
   *
   * @param alpha weight of targets of 0, finite and above 0; 0.75 is usual
   * @param gamma their focus, finite and at least 0; 2 is usual
   * @throws IllegalArgumentException if a number is out of range
   */
  public VarifocalLoss(float alpha, float gamma) {
    ClassWeights.of(alpha);
    this.alpha = alpha;
    this.gamma = FocalTerms.requireGamma(gamma);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray zero = constants.vector(0);
    Power exponent = new Power(constants, gamma);
    NDArray weight = constants.vector(alpha);
    return new SigmoidKernel(
        constants,
        (logits, targets) -> {
          NDArray present = targets.gt(zero);
          NDArray p = Activation.sigmoid(logits);
          NDArray q = Activation.sigmoid(logits.neg());
          NDArray small = Activation.softPlus(logits.abs().neg());
          NDArray positive = logits.maximum(zero);
          // softplus(-|x|) + (max(x, 0) - t x), whose second part is exact for t of 1.
          NDArray values = positive.sub(logits.mul(targets)).addi(small).muli(targets);
          NDArray softPlus = positive.addi(small);
          NDArray slopes = p.sub(targets).muli(targets);
          FocalTerms absent = FocalTerms.of(softPlus, q, p, exponent.raise(p), exponent.exponent());
          return new SigmoidKernel.Elements(
              NDArrays.where(present, values, absent.values().muli(weight)),
              NDArrays.where(present, slopes, absent.slopes().muli(weight)),
              null);
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
