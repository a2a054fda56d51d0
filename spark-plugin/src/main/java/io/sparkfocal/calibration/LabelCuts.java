package io.sparkfocal.calibration;

/**
 * Weights of rows with and without each of several labels, by the probability of the label, in bins
 * of even width of its log odds: one pass over the rows for all labels.
 *
 * <p>A threshold is the edge of a bin. Bins are 1/16 wide for up to 2,048 labels, and wider for
 * more of them.
 */
final class LabelCuts {

  /** Log odds beyond are in the first and the last bin: probabilities of 1e-7. */
  private static final double FARTHEST = 16;

  private static final int MOST_BINS = 512;
  private static final int FEWEST_BINS = 16;

  /** Of all labels, of 16 bytes. */
  private static final int ALL_BINS = 1 << 20;

  private final int bins;

  /** Label by label and bin by bin: with the label, without it. */
  private final double[] weights;

  /**
   * Of the rows of all ranks.
   *
   * @param rows whose scores are logits, and behind them the labels
   */
  LabelCuts(ScoredRows rows, int labels, double temperature) {
    int most = Integer.highestOneBit(Math.max(1, ALL_BINS / labels));
    this.bins = Math.max(FEWEST_BINS, Math.min(MOST_BINS, most));
    double[] own = new double[2 * labels * bins];
    rows.forEach(
        (none, weight, both) -> {
          for (int c = 0; c < labels; c++) {
            int at = 2 * (c * bins + bin(both[c] / temperature));
            double target = both[labels + c];
            own[at] += weight * target;
            own[at + 1] += weight * (1 - target);
          }
        });
    this.weights = rows.merge(own, Double::sum);
  }

  private int bin(double logOdds) {
    double place = (logOdds + FARTHEST) / (2 * FARTHEST) * bins;
    return (int) Math.max(0, Math.min(bins - 1, Math.floor(place)));
  }

  /** How many labels there are. */
  int labels() {
    return weights.length / 2 / bins;
  }

  /** The weight of rows that have a label. */
  double present(int label) {
    double sum = 0;
    for (int bin = 0; bin < bins; bin++) {
      sum += weights[2 * (label * bins + bin)];
    }
    return sum;
  }

  /** Looks at a cut. */
  @FunctionalInterface
  interface Cut {

    /**
     * How good it is.
     *
     * @param hits weight of the rows above it that have the label
     * @param alarms weight of the other rows above it
     */
    double value(double hits, double alarms);
  }

  /** The probability at the best cut; the highest of equal ones. */
  double best(int label, Cut cut) {
    double hits = 0;
    double alarms = 0;
    double best = Double.NEGATIVE_INFINITY;
    int found = bins - 1;
    for (int bin = bins - 1; bin >= 0; bin--) {
      int at = 2 * (label * bins + bin);
      hits += weights[at];
      alarms += weights[at + 1];
      double value = cut.value(hits, alarms);
      if (value > best) {
        best = value;
        found = bin;
      }
    }
    // Below all rows of the first bin, whose log odds have no end.
    double logOdds = found == 0 ? Double.NEGATIVE_INFINITY : 2 * FARTHEST * found / bins - FARTHEST;
    return 1 / (1 + Math.exp(-logOdds));
  }
}
