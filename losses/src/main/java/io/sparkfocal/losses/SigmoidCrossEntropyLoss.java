package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;

/**
 * Binary cross entropy of a sigmoid of each logit: the baseline of the sigmoid losses.
 *
 * <p>{@code value = -t * log(p) - (1 - t) * log(1 - p)} with {@code p = sigmoid(logit)}, added up
 * over a row's logits; logits and targets as for {@link SigmoidFocalLoss}, targets from 0 to 1.
 */
public final class SigmoidCrossEntropyLoss implements ClassificationLoss {

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray one = constants.vector(1);
    NDArray zero = constants.vector(0);
    return new SigmoidKernel(
        constants,
        (logits, targets) -> {
          NDArray values = crossEntropy(logits, one.sub(targets), zero);
          NDArray slopes = Activation.sigmoid(logits).subi(targets);
          return new SigmoidKernel.Elements(values, slopes, null);
        });
  }

  /**
   * softplus(-|x|) + ((1 - t) x + max(-x, 0)), whose second part is exact for t of 0 or 1, so that
   * nothing of a small loss is lost; uses up 1 - t.
   */
  static NDArray crossEntropy(NDArray logits, NDArray rest, NDArray zero) {
    NDArray opposite = logits.neg();
    NDArray values = Activation.softPlus(logits.abs().neg());
    return values.addi(rest.muli(logits).addi(opposite.maximum(zero)));
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
