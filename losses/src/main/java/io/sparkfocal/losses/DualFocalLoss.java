package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import java.util.Set;

/**
 * Dual focal loss, a focal loss that also looks at the best class below the true one, for better
 * calibrated probabilities.
 *
 * <p>{@code value = (1 - p[y] + p[j])^gamma * -log(p[y])}, where p[j] is the largest probability
 * below p[y], 0 if there is none. It jumps where two probabilities tie.
 *
 * @see <a href="https://arxiv.org/abs/2305.13665">Tao et al., Dual Focal Loss for Calibration,
 *     arXiv:2305.13665</a>
 */
public final class DualFocalLoss implements ClassificationLoss {

  private final float gamma;

  /**
   * A loss.
   *
   * @param gamma focus, finite and at least 0; 5 is usual
   * @throws IllegalArgumentException if gamma is out of range
   */
  public DualFocalLoss(float gamma) {
    this.gamma = FocalTerms.requireGamma(gamma);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray exponent = constants.vector(gamma);
    NDArray one = constants.vector(1f);
    NDArray tiny = constants.vector(Float.MIN_NORMAL);
    NDArray minusInfinity = constants.vector(Float.NEGATIVE_INFINITY);
    return new ClosedFormKernel(
        dataType,
        batch -> {
          TargetOdds odds = TargetOdds.of(batch, minusInfinity);
          NDArray labels = batch.labelColumn();
          NDArray q = Activation.sigmoid(odds.oddsAgainst());
          NDArray p = Activation.sigmoid(odds.oddsAgainst().neg());
          NDArray probabilities = odds.shares().mul(q);
          // Compared as logits, which tie exactly where probabilities should.
          NDArray target = batch.logits().gather(labels, 1);
          NDArray lower = batch.logits().lt(target).toType(dataType, false).muli(probabilities);
          NDArray place = lower.argMax(1).reshape(labels.getShape());
          NDArray runnerUp = lower.gather(place, 1);

          NDArray base = q.add(runnerUp);
          NDArray crossEntropy = Activation.softPlus(odds.oddsAgainst());
          NDArray focus = base.pow(exponent);
          // gamma * base^(gamma - 1) * ce, without a power that is infinite at 0.
          NDArray pull = crossEntropy.div(base.maximum(tiny)).muli(exponent).muli(focus);

          // d base = -p (y - P) + p_j (e_j - P), with P the probabilities.
          NDArray all = probabilities.scatter(labels, p, 1);
          NDArray atTarget = p.sub(one).muli(focus).subi(pull.mul(p));
          NDArray gradients = all.mul(focus.add(pull.mul(p.sub(runnerUp))));
          gradients =
              gradients.scatter(place, gradients.gather(place, 1).add(pull.mul(runnerUp)), 1);
          NDArray own = pull.mul(p.sub(runnerUp)).muli(p).addi(atTarget);
          return new RowLosses(
              batch.flat(focus.mul(crossEntropy)), gradients.scatter(labels, own, 1), batch.ones());
        });
  }

  @Override
  public Set<LossTrait> traits() {
    return Set.of(LossTrait.JUMPS);
  }
}
