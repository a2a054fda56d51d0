package io.sparkfocal.calibration;

import java.io.Serializable;
import java.util.Arrays;

/**
 * How far probabilities can be believed, on rows whose class is known.
 *
 * @param negativeLogLikelihood weighted mean of -log(p) of the true class, in nats
 * @param balancedLogLikelihood the same, negative too, as the mean over classes of their means
 * @param expectedCalibrationError weighted mean, over {@value #BINS} bins of the largest
 *     probability, of the distance between that probability and the share of rows that it is right
 *     on (Guo et al., arXiv 1706.04599)
 * @param rows how many were looked at
 * @param temperature what the scores were divided by
 */
public record CalibrationReport(
    double negativeLogLikelihood,
    double balancedLogLikelihood,
    double expectedCalibrationError,
    long rows,
    double temperature)
    implements Serializable {

  private static final int BINS = 15;

  /** Of probabilities at a temperature. */
  public static CalibrationReport of(ValidationScores scores, double temperature) {
    double[] sure = new double[BINS];
    double[] right = new double[BINS];
    double[] classWeights = new double[scores.classes()];
    double[] likelihoods = new double[scores.classes()];
    for (int row = 0; row < scores.rows(); row++) {
      double[] z = new double[scores.classes()];
      for (int c = 0; c < z.length; c++) {
        z[c] = scores.raw(row, c) / temperature;
      }
      double logSum = ValidationScores.logSumExp(z);
      int best = 0;
      for (int c = 1; c < z.length; c++) {
        best = z[c] > z[best] ? c : best;
      }
      double weight = scores.weight(row);
      double top = Math.exp(z[best] - logSum);
      int bin = Math.min(BINS - 1, (int) (top * BINS));
      sure[bin] += weight * top;
      right[bin] += best == scores.label(row) ? weight : 0;
      classWeights[scores.label(row)] += weight;
      likelihoods[scores.label(row)] += weight * (logSum - z[scores.label(row)]);
    }
    double error = 0;
    for (int bin = 0; bin < BINS; bin++) {
      error += Math.abs(sure[bin] - right[bin]);
    }
    double balanced = 0;
    int present = 0;
    for (int c = 0; c < likelihoods.length; c++) {
      if (classWeights[c] > 0) {
        balanced += likelihoods[c] / classWeights[c];
        present++;
      }
    }
    double divisor = Math.max(Arrays.stream(classWeights).sum(), Double.MIN_NORMAL);
    return new CalibrationReport(
        Arrays.stream(likelihoods).sum() / divisor,
        balanced / Math.max(1, present),
        error / divisor,
        scores.rows(),
        temperature);
  }
}
