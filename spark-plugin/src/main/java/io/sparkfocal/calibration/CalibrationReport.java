package io.sparkfocal.calibration;

import java.io.Serializable;

/**
 * How far probabilities can be believed, on rows whose class is known.
 *
 * @param negativeLogLikelihood weighted mean of -log(p) of the true class, in nats
 * @param balancedLogLikelihood the same, negative too, as the mean over classes of their means
 * @param expectedCalibrationError weighted mean, over 15 bins of the largest probability, of the
 *     distance between that probability and the share of rows that it is right on (Guo et al.,
 *     arXiv 1706.04599)
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

  /** The same of another number of rows, where each counted several times. */
  CalibrationReport ofRows(long count) {
    return new CalibrationReport(
        negativeLogLikelihood, balancedLogLikelihood, expectedCalibrationError, count, temperature);
  }

  /** Of probabilities at a temperature. */
  public static CalibrationReport of(ScoredRows rows, int classes, double temperature) {
    return ClassTotals.of(rows, classes, temperature).report();
  }
}
