package io.sparkfocal.calibration;

/**
 * Thresholds of two classes: a cut through the log odds of class 1, halfway between the
 * probabilities on both sides.
 *
 * <p>Log odds that are equal in float32 are not told apart, since they differ by rounding only.
 */
final class BinaryThresholds {

  static final double LEAST = Double.MIN_NORMAL;

  /** What a network computes in other batches differs by as much. */
  private static final double ROUNDING = 1e-6;

  private final ScoredRows rows;
  private final RowNumbers logOdds;

  BinaryThresholds(ScoredRows rows, double temperature) {
    this.rows = rows;
    this.logOdds = new RowNumbers(rows, (label, scores) -> (scores[1] - scores[0]) / temperature);
  }

  /** The highest cut with that recall of class 1, and so the fewest false alarms. */
  double[] forRecall(double recall) {
    double found =
        new RecallSearch(rows, logOdds, 1, label -> label == 1 ? 0 : -1, recall).find()[0];
    if (Double.isNaN(found)) {
      return neutral();
    }
    double lowest = found - ROUNDING * Math.max(1, Math.abs(found));
    RowNumbers.Neighbours cut = RowNumbers.Neighbours.of(1);
    logOdds.forEach((label, weight, value) -> cut.add(0, value, value >= lowest));
    return between(cut.merge(rows));
  }

  /** The best macro F1 of all cuts; none where that is not better than without thresholds. */
  double[] forF1(ClassTotals totals) {
    long lowest = new BestCut(rows, logOdds, totals.weight(0), totals.weight(1)).find();
    RowNumbers.Neighbours cut = RowNumbers.Neighbours.of(1);
    logOdds.forEach((label, weight, value) -> cut.add(0, value, FloatOrder.key(value) >= lowest));
    double[] tuned = between(cut.merge(rows));
    MacroF1 with = new MacroF1(2);
    MacroF1 without = new MacroF1(2);
    double[] p = new double[2];
    logOdds.forEach(
        (label, weight, value) -> {
          p[0] = probability(-value);
          p[1] = probability(value);
          with.add(label, weight, MacroF1.predicted(p, tuned));
          without.add(label, weight, p[1] > p[0] ? 1 : 0);
        });
    return with.merge(rows) > without.merge(rows) ? tuned : neutral();
  }

  private static double[] neutral() {
    return new double[] {0.5, 0.5};
  }

  private static double[] between(RowNumbers.Neighbours cut) {
    double above = cut.above()[0];
    double below = cut.below()[0];
    // Where all rows are on one side: the odds twice as far.
    above = Double.isInfinite(above) ? below + 2 * Math.log(2) : above;
    below = Double.isInfinite(below) ? above - 2 * Math.log(2) : below;
    return new double[] {
      Math.max(LEAST, (probability(-above) + probability(-below)) / 2),
      Math.max(LEAST, (probability(above) + probability(below)) / 2)
    };
  }

  /** Of log odds; without a difference, which would leave no digits near 1. */
  private static double probability(double logOdds) {
    double e = Math.exp(-Math.abs(logOdds));
    return logOdds < 0 ? e / (1 + e) : 1 / (1 + e);
  }
}
