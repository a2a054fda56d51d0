package io.sparkfocal.calibration;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What is to be found out from the validation rows, besides how far probabilities can be believed.
 *
 * @param link from logits to scores, at a temperature of 1
 * @param temperature whether a temperature is chosen
 * @param thresholds how thresholds are chosen; null for none
 */
public record CalibrationGoal(
    LogitLink link, boolean temperature, @Nullable ThresholdTuning thresholds)
    implements Serializable {

  /**
   * Looks at the rows of all ranks; every rank gets the same answer.
   *
   * @param rows scores of the link
   * @param trainingRows of each class
   * @throws IllegalStateException if scores are not finite
   */
  public Calibrated reach(ScoredRows rows, long... trainingRows) {
    if (link.isMultilabel()) {
      return reachLabels(rows, trainingRows.length);
    }
    double chosen = temperature ? TemperatureScaling.fit(rows) : 1;
    ClassTotals totals = ClassTotals.of(rows, trainingRows.length, chosen);
    double[] tuned =
        thresholds == null ? null : thresholds.thresholds(rows, chosen, totals, trainingRows);
    return new Calibrated(chosen, tuned, totals.report(), null);
  }

  /** Each label of each row is a row of two classes. */
  private Calibrated reachLabels(ScoredRows rows, int labels) {
    LabelPairs pairs = new LabelPairs(rows);
    double chosen = temperature ? TemperatureScaling.fit(pairs) : 1;
    CalibrationReport report = ClassTotals.of(pairs, 2, chosen).report().ofRows(pairs.all());
    double[] tuned =
        thresholds == null ? null : thresholds.ofLabels(new LabelCuts(rows, labels, chosen));
    return new Calibrated(chosen, tuned, report, null);
  }
}
