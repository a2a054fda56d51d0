package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;

/**
 * Focal loss and its derivative by the margin d = -logit(p_t), element by element.
 *
 * @param values -alpha e^(gamma m) l
 * @param slopes G = dL/dd = alpha e^(gamma m) (e^m - gamma e^l l)
 */
record FocalTerms(NDArray values, NDArray slopes) {

  /**
   * The terms for a margin.
   *
   * @param margin any shape
   * @param alpha class weights, same shape
   * @param gamma shape (1); null for gamma 0, which is cross entropy
   */
  static FocalTerms of(
      NDArray margin, NDArray alpha, @org.jspecify.annotations.Nullable NDArray gamma) {
    NDArray minusLogP = Activation.softPlus(margin);
    NDArray logQ = Activation.softPlus(margin.neg()).neg();
    if (gamma == null) {
      return new FocalTerms(minusLogP.mul(alpha), logQ.exp().mul(alpha));
    }
    NDArray modulated = logQ.mul(gamma).exp().mul(alpha);
    NDArray focus = minusLogP.neg().exp().mul(minusLogP).mul(gamma);
    return new FocalTerms(minusLogP.mul(modulated), logQ.exp().add(focus).mul(modulated));
  }
}
