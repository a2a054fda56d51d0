package io.sparkfocal.calibration;

import java.util.function.DoubleBinaryOperator;

/**
 * Rows with several labels as rows of two classes, one for each label: there or not. A label that
 * is a probability is both, by its share.
 */
final class LabelPairs implements ScoredRows {

  private final ScoredRows rows;
  private long count;

  /** Of rows whose scores are logits, and behind them the labels. */
  LabelPairs(ScoredRows rows) {
    this.rows = rows;
  }

  @Override
  public void forEach(Visitor visitor) {
    count = 0;
    double[] scores = new double[2];
    rows.forEach(
        (none, weight, both) -> {
          count++;
          int labels = both.length / 2;
          for (int c = 0; c < labels; c++) {
            scores[0] = -both[c] / 2;
            scores[1] = both[c] / 2;
            double target = both[labels + c];
            if (target > 0) {
              visitor.row(1, weight * target, scores);
            }
            if (target < 1) {
              visitor.row(0, weight * (1 - target), scores);
            }
          }
        });
  }

  /** How many rows all ranks have, after each has shown its own. */
  long all() {
    return (long) rows.merge(new double[] {count}, Double::sum)[0];
  }

  @Override
  public double[] merge(double[] own, DoubleBinaryOperator operator) {
    return rows.merge(own, operator);
  }

  @Override
  public float[] gather(float[] own) {
    return rows.gather(own);
  }

  @Override
  public int rank() {
    return rows.rank();
  }

  @Override
  public void working() {
    rows.working();
  }
}
