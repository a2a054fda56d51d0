package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;

/**
 * Poly-1: the focal loss with another coefficient on the first term of its expansion in 1 - p.
 *
 * <p>{@code value = (1 - p[y])^gamma * -log(p[y]) + epsilon * (1 - p[y])^(gamma + 1)}. With gamma 0
 * it is Poly-1 cross entropy.
 *
 * @see <a href="https://arxiv.org/abs/2204.12511">Leng et al., PolyLoss, arXiv:2204.12511</a>
 */
public final class PolyFocalLoss implements ClassificationLoss {

  private final float gamma;
  private final float epsilon;

  /**
   * A loss.
   *
   * @param gamma focus, finite and at least 0; 2 is usual
   * @param epsilon how much is added to the first coefficient, which is 1: finite and at least -1,
   *     below which sure and right would not be the minimum; 1 is usual
   * @throws IllegalArgumentException if a number is out of range
   */
  public PolyFocalLoss(float gamma, float epsilon) {
    this.gamma = FocalTerms.requireGamma(gamma);
    if (!(epsilon >= -1) || Float.isInfinite(epsilon)) {
      throw new IllegalArgumentException(
          "Epsilon must be finite and at least -1 but is %s.".formatted(epsilon));
    }
    this.epsilon = epsilon;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    Power exponent = new Power(constants, gamma);
    Power next = new Power(constants, gamma + 1);
    NDArray added = constants.vector(epsilon);
    TargetOdds.Way way = new TargetOdds.Way(constants);
    return new ClosedFormKernel(
        dataType,
        batch -> {
          TargetOdds odds = way.of(batch);
          NDArray d = odds.oddsAgainst();
          FocalTerms terms = FocalTerms.of(d, exponent);
          NDArray power = next.raise(Activation.sigmoid(d)).muli(added);
          // dq/dd = q p, so the slope of q^(gamma + 1) is (gamma + 1) p q^(gamma + 1).
          NDArray slope = Activation.sigmoid(d.neg()).muli(next.exponent()).muli(power);
          return new RowLosses(
              batch.flat(terms.values().addi(power)),
              odds.gradients(terms.slopes().addi(slope)),
              batch.ones());
        });
  }
}
