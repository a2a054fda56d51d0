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
    Form form = new Form(new Constants(manager, dataType), gamma);
    return new ClosedFormKernel(dataType, form::evaluate);
  }

  @Override
  public Set<LossTrait> traits() {
    return Set.of(LossTrait.JUMPS);
  }

  /** The constants, and the loss over them. */
  private static final class Form {

    private final DataType dataType;
    private final Power power;
    private final NDArray zero;
    private final NDArray one;
    private final NDArray tiny;
    private final TargetOdds.Way way;

    Form(Constants constants, float gamma) {
      dataType = constants.dataType();
      power = new Power(constants, gamma);
      zero = constants.vector(0);
      one = constants.vector(1);
      tiny = constants.vector(Float.MIN_NORMAL);
      way = new TargetOdds.Way(constants);
    }

    RowLosses evaluate(Batch batch) {
      TargetOdds odds = way.of(batch);
      NDArray q = Activation.sigmoid(odds.oddsAgainst());
      NDArray p = Activation.sigmoid(odds.oddsAgainst().neg());
      NDArray crossEntropy = Activation.softPlus(odds.oddsAgainst());
      return batch.classes() == 2
          ? two(batch, odds, q, p, crossEntropy)
          : many(batch, odds, q, p, crossEntropy);
    }

    /** The other class is below the true one, or it is not. */
    private RowLosses two(
        Batch batch, TargetOdds odds, NDArray q, NDArray p, NDArray crossEntropy) {
      NDArray times = odds.oddsAgainst().lt(zero).toType(dataType, false).addi(one);
      NDArray base = q.mul(times);
      NDArray focus = power.raise(base);
      NDArray slopes = pull(base, focus, crossEntropy).muli(p).muli(times).addi(focus).muli(q);
      return new RowLosses(
          batch.flat(focus.muli(crossEntropy)), odds.gradients(slopes), batch.ones());
    }

    /** gamma * base^(gamma - 1) * ce, without a power that is infinite at 0. */
    private NDArray pull(NDArray base, NDArray focus, NDArray crossEntropy) {
      return crossEntropy.div(base.maximum(tiny)).muli(power.exponent()).muli(focus);
    }

    private RowLosses many(
        Batch batch, TargetOdds odds, NDArray q, NDArray p, NDArray crossEntropy) {
      NDArray labels = batch.labelColumn();
      // Compared as logits, which tie exactly where probabilities should.
      NDArray target = batch.logits().gather(labels, 1);
      NDArray lower = batch.logits().lt(target).toType(dataType, false).muli(odds.others());
      NDArray place = lower.argMax(1).reshape(labels.getShape());
      NDArray runnerUp = lower.gather(place, 1);

      NDArray base = q.add(runnerUp);
      NDArray focus = power.raise(base);
      NDArray pull = pull(base, focus, crossEntropy);

      // d base = -p (y - P) + p_j (e_j - P), with P the probabilities.
      NDArray common = pull.mul(p.sub(runnerUp));
      NDArray gradients = odds.others().muli(focus.add(common));
      NDArray atRunnerUp = gradients.gather(place, 1).addi(pull.mul(runnerUp));
      NDArray own = common.muli(p).addi(p.sub(one).muli(focus)).subi(pull.mul(p));
      return new RowLosses(
          batch.flat(focus.muli(crossEntropy)),
          gradients.scatter(place, atRunnerUp, 1).scatter(labels, own, 1),
          batch.ones());
    }
  }
}
