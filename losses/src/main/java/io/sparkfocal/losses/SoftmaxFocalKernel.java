package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import org.jspecify.annotations.Nullable;

/** {@link FocalLoss}; with gamma 0 {@link CrossEntropyLoss}. */
final class SoftmaxFocalKernel implements LossKernel {

  private static final int[] CLASS_AXIS = {1};

  private final Constants constants;
  private final @Nullable NDArray gamma;
  private final @Nullable NDArray alpha;
  private final NDArray lowest;
  private @Nullable NDArray classes;

  SoftmaxFocalKernel(float gamma, float[] alpha, Constants constants) {
    this.constants = constants;
    this.gamma = gamma == 0 ? null : constants.vector(gamma);
    double[] weights = new double[alpha.length];
    for (int c = 0; c < weights.length; c++) {
      weights[c] = alpha[c];
    }
    this.alpha = weights.length == 0 ? null : constants.vector(weights);
    this.lowest = constants.lowest();
  }

  @Override
  public RowLosses evaluate(NDArray logits, NDArray labels) {
    requireShapes(logits, labels);
    NDScope scope = new NDScope();
    try {
      return RowLosses.leaving(scope, logits.getManager(), terms(logits.stopGradient(), labels));
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  private RowLosses terms(NDArray logits, NDArray labels) {
    NDArray index = labels.reshape(-1, 1);
    NDArray isTrue = index.eq(classes(logits.getShape().get(1)));
    NDArray oneHot = isTrue.toType(logits.getDataType(), false);
    // With the true class out of the way, softmax gives exp(z_j - logsumexp of the others), 0 at t.
    NDArray others = logits.add(oneHot.mul(lowest));
    NDArray shares = others.softmax(1);
    NDArray logSumExp = others.max(CLASS_AXIS, true).sub(shares.max(CLASS_AXIS, true).log());
    NDArray margin = logSumExp.sub(logits.gather(index, 1));

    NDArray weights = rowWeights(index, margin);
    FocalTerms terms = FocalTerms.of(margin, weights, gamma);
    NDArray gradients = shares.sub(oneHot).mul(terms.slopes());
    return new RowLosses(terms.values().reshape(-1), gradients, weights.reshape(-1));
  }

  /** Alpha of each row's class, shape (B, 1). */
  private NDArray rowWeights(NDArray index, NDArray like) {
    if (alpha == null) {
      return like.onesLike();
    }
    return alpha.size() == 1
        ? like.onesLike().mul(alpha)
        : alpha.gather(index.reshape(-1), 0).reshape(-1, 1);
  }

  private NDArray classes(long count) {
    NDArray known = classes;
    if (known == null || known.size() != count) {
      known = constants.range(count);
      classes = known;
    }
    return known;
  }

  private void requireShapes(NDArray logits, NDArray labels) {
    if (logits.getShape().dimension() != 2 || logits.getShape().get(1) < 2) {
      throw new IllegalArgumentException(
          "Logits have shape "
              + logits.getShape()
              + "; softmax losses need (B, C) with at least two classes.");
    }
    requireRows(logits, labels);
    if (alpha != null && alpha.size() != 1 && alpha.size() != logits.getShape().get(1)) {
      throw new IllegalArgumentException(
          "alpha has %d weights, but the logits have %d classes; give one per class, or one alone."
              .formatted(alpha.size(), logits.getShape().get(1)));
    }
  }

  /** One label per row, shape (B) or (B, 1), int64. */
  static void requireRows(NDArray logits, NDArray labels) {
    boolean column = labels.getShape().dimension() == 2 && labels.getShape().get(1) == 1;
    boolean shaped = labels.getShape().dimension() == 1 || column;
    if (!shaped || labels.getShape().get(0) != logits.getShape().get(0)) {
      throw new IllegalArgumentException(
          "Labels have shape %s and logits %s; labels must have shape (B) or (B, 1)."
              .formatted(labels.getShape(), logits.getShape()));
    }
    if (labels.getDataType() != DataType.INT64) {
      throw new IllegalArgumentException(
          "Labels are " + labels.getDataType() + "; they must be int64 class numbers.");
    }
  }
}
