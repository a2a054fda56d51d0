package io.sparkfocal.calibration;

import java.util.Arrays;
import java.util.Objects;

/** Rows of a test, all on one rank. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ValidationScores(int[] labels, double[][] raw, double[] weights) implements ScoredRows {

  @Override
  public void forEach(Visitor visitor) {
    for (int row = 0; row < labels.length; row++) {
      visitor.row(labels[row], weights[row], raw[row].clone());
    }
  }

  int rows() {
    return labels.length;
  }

  int classes() {
    return raw[0].length;
  }

  double[] probabilities(int row, double temperature) {
    double[] p = new double[classes()];
    Softmax.probabilities(raw[row], temperature, p);
    return p;
  }

  double temperature() {
    return TemperatureScaling.fit(this);
  }

  CalibrationReport report(double temperature) {
    return CalibrationReport.of(this, classes(), temperature);
  }

  double[] thresholds(String goal, double temperature) {
    long[] some = new long[classes()];
    Arrays.fill(some, 1);
    return thresholds(goal, temperature, some);
  }

  double[] thresholds(String goal, double temperature, long... trainingRows) {
    return Objects.requireNonNull(ThresholdTuning.parse(goal))
        .thresholds(this, temperature, ClassTotals.of(this, classes(), temperature), trainingRows);
  }

  double macroF1(double[] thresholds) {
    MacroF1 counts = new MacroF1(classes());
    for (int row = 0; row < rows(); row++) {
      counts.add(labels[row], weights[row], MacroF1.predicted(probabilities(row, 1), thresholds));
    }
    return counts.merge(this);
  }
}
