package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import org.jspecify.annotations.Nullable;

/** {@link SigmoidFocalLoss}. */
final class SigmoidFocalKernel implements LossKernel {

  private final @Nullable NDArray gamma;
  private final NDArray negativeWeight;
  private final NDArray weightDifference;
  private final NDArray one;
  private final NDArray two;

  SigmoidFocalKernel(float gamma, float negative, float positive, Constants constants) {
    this.gamma = gamma == 0 ? null : constants.vector(gamma);
    this.negativeWeight = constants.vector(negative);
    this.weightDifference = constants.vector((double) positive - negative);
    this.one = constants.vector(1);
    this.two = constants.vector(2);
  }

  @Override
  public RowLosses evaluate(NDArray logits, NDArray labels) {
    if (logits.getShape().dimension() != 2 || logits.getShape().get(1) != 1) {
      throw new IllegalArgumentException(
          "Logits have shape " + logits.getShape() + "; the sigmoid loss needs (B, 1).");
    }
    SoftmaxFocalKernel.requireRows(logits, labels);
    NDScope scope = new NDScope();
    try {
      return RowLosses.leaving(scope, logits.getManager(), terms(logits.stopGradient(), labels));
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  private RowLosses terms(NDArray logits, NDArray labels) {
    NDArray isPositive = labels.reshape(-1, 1).toType(logits.getDataType(), false);
    NDArray minusSign = one.sub(isPositive.mul(two));
    NDArray weights = isPositive.mul(weightDifference).add(negativeWeight);
    FocalTerms terms = FocalTerms.of(logits.mul(minusSign), weights, gamma);
    return new RowLosses(
        terms.values().reshape(-1), terms.slopes().mul(minusSign), weights.reshape(-1));
  }
}
