package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import java.util.Set;

/**
 * FLSD-53, the focal loss with sample-dependent gamma that is meant for calibration: gamma 5 where
 * the true class has less than 0.2, else 3.
 *
 * @see <a href="https://arxiv.org/abs/2002.09437">Mukhoti et al., Calibrating Deep Neural Networks
 *     using Focal Loss, arXiv:2002.09437</a>
 */
public final class FlsdLoss implements ClassificationLoss {

  private static final float BOUNDARY = 0.2f;
  private static final float BELOW = 5;
  private static final float ABOVE = 3;

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray boundary = constants.vector(BOUNDARY);
    NDArray below = constants.vector(BELOW);
    NDArray above = constants.vector(ABOVE);
    Power lower = new Power(constants, ABOVE);
    TargetOdds.Way way = new TargetOdds.Way(constants);
    return new ClosedFormKernel(
        dataType,
        batch -> {
          TargetOdds odds = way.of(batch);
          NDArray q = Activation.sigmoid(odds.oddsAgainst());
          NDArray p = Activation.sigmoid(odds.oddsAgainst().neg());
          NDArray hard = p.lt(boundary);
          NDArray gamma =
              NDArrays.where(hard, below.broadcast(p.getShape()), above.broadcast(p.getShape()));
          NDArray cube = lower.raise(q);
          NDArray focus = NDArrays.where(hard, cube.mul(q).muli(q), cube);
          FocalTerms terms = FocalTerms.of(odds.oddsAgainst(), q, focus, gamma);
          return new RowLosses(
              batch.flat(terms.values()), odds.gradients(terms.slopes()), batch.ones());
        });
  }

  @Override
  public Set<LossTrait> traits() {
    return Set.of(LossTrait.JUMPS);
  }
}
