package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Set;

/**
 * Cross entropy of logits that are shifted by the classes' frequencies while training: the network
 * learns what is left when the frequencies are known, and so predicts for balanced classes.
 *
 * <p>{@code value = crossEntropy(z + tau * log(prior))}. With tau 1 this is balanced softmax, whose
 * log counts differ from log priors by a constant that a softmax does not see. Do not combine it
 * with class weights or with biases that start at the priors: both would count the frequencies
 * twice.
 *
 * @see <a href="https://arxiv.org/abs/2007.07314">Menon et al., Long-Tail Learning via Logit
 *     Adjustment, arXiv:2007.07314</a>
 * @see <a href="https://arxiv.org/abs/2007.10740">Ren et al., Balanced Meta-Softmax,
 *     arXiv:2007.10740</a>
 */
public final class LogitAdjustedLoss implements ClassificationLoss {

  private final float[] offsets;

  /**
   * A loss for known frequencies.
   *
   * @param tau strength, finite and at least 0; 1 is usual
   * @param counts rows of each class, not all 0; a class without rows counts as half a row
   * @throws IllegalArgumentException if tau or a count is out of range
   */
  public LogitAdjustedLoss(float tau, long... counts) {
    if (!(tau >= 0) || Float.isInfinite(tau)) {
      throw new IllegalArgumentException(
          "Tau must be finite and at least 0 but is %s.".formatted(tau));
    }
    offsets = ClassBalance.logPriors(counts);
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] *= tau;
    }
  }

  /** Balanced softmax: tau 1. */
  public static LogitAdjustedLoss balancedSoftmax(long... counts) {
    return new LogitAdjustedLoss(1, counts);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray one = constants.vector(1f);
    NDArray shift = constants.vector(offsets);
    return new ClosedFormKernel(
        dataType,
        batch -> {
          batch.requireClasses(offsets.length);
          NDArray shifted = batch.centered().addi(shift);
          return SoftmaxTerms.of(shifted, batch.labelColumn(), one).rows(batch);
        });
  }

  @Override
  public Set<LossTrait> traits() {
    return Set.of(LossTrait.KNOWS_CLASSES);
  }
}
