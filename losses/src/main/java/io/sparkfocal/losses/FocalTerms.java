package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;

/**
 * Value and slope of the focal loss as functions of one number per row: d, the log odds against the
 * true class.
 *
 * <p>With p = sigmoid(-d) the probability of the true class and q = sigmoid(d) that of all others,
 * {@code value = q^gamma * softplus(d)} and {@code slope = q^gamma * (q + gamma * p *
 * softplus(d))}, the derivative of the value by d. Neither 1 - p nor q^(gamma - 1) nor the
 * logarithm of a probability occurs, so both are finite and accurate for every finite d and every
 * gamma from 0 on.
 *
 * @param values shape (B, 1)
 * @param slopes shape (B, 1), not negative
 */
record FocalTerms(NDArray values, NDArray slopes) {

  /** Fails unless gamma is finite and not negative. */
  static float requireGamma(float gamma) {
    if (!Float.isFinite(gamma) || gamma < 0) {
      throw new IllegalArgumentException(
          "Gamma must be finite and at least 0 but is %s.".formatted(gamma));
    }
    return gamma;
  }

  /**
   * Computes both terms, unweighted.
   *
   * @param oddsAgainst d, shape (B, 1)
   * @param gamma the exponent
   */
  static FocalTerms of(NDArray oddsAgainst, Power gamma) {
    NDArray q = Activation.sigmoid(oddsAgainst);
    return of(oddsAgainst, q, gamma.raise(q), gamma.exponent());
  }

  /**
   * Computes both terms, unweighted.
   *
   * @param oddsAgainst d, shape (B, 1)
   * @param q sigmoid(d), shape (B, 1)
   * @param focus q^gamma, shape (B, 1); used up
   * @param gamma shape (1) or (B, 1)
   */
  static FocalTerms of(NDArray oddsAgainst, NDArray q, NDArray focus, NDArray gamma) {
    // From d = 20 on the engine returns d itself, which is 1e-10 of it too low at most.
    NDArray crossEntropy = Activation.softPlus(oddsAgainst);
    return of(crossEntropy, Activation.sigmoid(oddsAgainst.neg()), q, focus, gamma);
  }

  /**
   * Computes both terms, unweighted, of what is known already.
   *
   * @param crossEntropy softplus(d)
   * @param p sigmoid(-d); used up
   * @param q sigmoid(d)
   * @param focus q^gamma; used up
   * @param gamma the exponent as an array
   */
  static FocalTerms of(NDArray crossEntropy, NDArray p, NDArray q, NDArray focus, NDArray gamma) {
    NDArray slopes = p.muli(crossEntropy).muli(gamma).addi(q).muli(focus);
    return new FocalTerms(focus.muli(crossEntropy), slopes);
  }
}
