package io.sparkfocal.ml;

import java.io.Serializable;

/**
 * How a loss did in a search.
 *
 * @param loss with its numbers and class weights
 * @param score what its best epoch reached in the validationMetric, macro recall if that is the
 *     loss; higher is better, so a logLoss is negative
 * @param balancedLogLikelihood negative, of the validation rows, every class counting the same;
 *     lower is better
 * @param seconds its whole fit took
 */
public record LossScore(String loss, double score, double balancedLogLikelihood, double seconds)
    implements Serializable {

  private static final double EQUAL = 1e-12;

  /** By score, and where that is equal by likelihood. */
  boolean isBetterThan(LossScore other) {
    return Math.abs(score - other.score) > EQUAL
        ? score > other.score
        : balancedLogLikelihood < other.balancedLogLikelihood;
  }
}
