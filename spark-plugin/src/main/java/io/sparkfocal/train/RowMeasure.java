package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;

/**
 * What one evaluation measures beside loss, macro recall and accuracy, on one rank among others.
 */
interface RowMeasure {

  /** Of a metric that follows from those. */
  RowMeasure NONE =
      new RowMeasure() {
        @Override
        public Runnable read(NDArray logits, Batch rows) {
          return () -> {};
        }

        @Override
        public double overRanks(RankTotals ranks) {
          return Double.NaN;
        }
      };

  /** For a metric, without rows so far. */
  static RowMeasure of(ValidationMetric metric, TensorLink link, int classes) {
    return switch (metric) {
      case LOSS, MACRO_RECALL, ACCURACY, MICRO_F1 -> NONE;
      case MACRO_F1 -> new WeightedF1(link, classes);
      case LOG_LOSS -> new LogLoss(link);
      case PR_AUC -> new RankingArea(link.onHost(), classes, CurveArea::averagePrecision);
      case AUC -> new RankingArea(link.onHost(), classes, CurveArea::underRoc);
    };
  }

  /**
   * Reads what it needs of some rows to the host, and changes nothing.
   *
   * @param logits shape (b, outputs)
   * @return adds the rows; needs no memory of the device
   */
  Runnable read(NDArray logits, Batch rows);

  /**
   * The value over the rows of all ranks; every rank calls this when all have added theirs.
   *
   * @return the same on every rank; NaN if the rows do not define it
   */
  double overRanks(RankTotals ranks);
}
