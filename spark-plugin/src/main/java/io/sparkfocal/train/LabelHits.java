package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.calibration.LogitLink;
import java.util.function.ToDoubleBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What an evaluation measures where a row has several labels, each of which is there or not. A
 * label counts as there from 0.5 on, in the rows as by its probability.
 */
final class LabelHits implements RowMeasure {

  private static final float HALF = 0.5f;
  private static final double[] NONE = {};

  /** Sums of each label: rows that have it, rows that it is found in, and both. */
  private static final int SUMS = 3;

  private final ValidationMetric metric;
  private final LogitLink link;
  private final int labels;

  /** Of each label by weight, then by number; then rows, those all right, loss and weight. */
  private final double[] sums;

  private final int rest;
  private final boolean hasLoss;
  private final @Nullable ScoreHistogram histogram;

  /** Without rows. */
  LabelHits(ValidationMetric metric, LogitLink link, int labels) {
    this.metric = metric;
    this.link = link;
    this.labels = labels;
    this.rest = 2 * SUMS * labels;
    this.sums = new double[rest + 4];
    this.hasLoss = metric == ValidationMetric.LOG_LOSS;
    boolean isArea = metric == ValidationMetric.PR_AUC || metric == ValidationMetric.AUC;
    this.histogram = isArea ? new ScoreHistogram(labels) : null;
  }

  @Override
  public Runnable read(NDArray logits, Batch rows) {
    LogitRows onHost = LogitRows.of(logits, rows);
    return () -> onHost.forEach(this::add);
  }

  private void add(float[] values, int from, int outputs, int label, double weight) {
    double[] scores = hasLoss || histogram != null ? link.raw(values, from, outputs) : NONE;
    boolean isRight = true;
    double loss = 0;
    for (int c = 0; c < labels; c++) {
      float target = values[from + outputs + c];
      boolean isThere = target >= HALF;
      boolean isFound = values[from + c] >= 0;
      isRight &= isThere == isFound;
      if (hasLoss) {
        loss += Math.log1p(Math.exp(-Math.abs(scores[c])));
        loss += scores[c] > 0 ? (1 - target) * scores[c] : -target * scores[c];
      }
      count(SUMS * c, isThere, isFound, weight);
      count(SUMS * (labels + c), isThere, isFound, 1);
      if (histogram != null && weight > 0) {
        histogram.add(c, scores[c], isThere, weight);
      }
    }
    sums[rest]++;
    sums[rest + 1] += isRight ? 1 : 0;
    sums[rest + 2] += weight * loss / labels;
    sums[rest + 3] += weight;
  }

  private void count(int at, boolean isThere, boolean isFound, double weight) {
    sums[at] += isThere ? weight : 0;
    sums[at + 1] += isFound ? weight : 0;
    sums[at + 2] += isThere && isFound ? weight : 0;
  }

  @Override
  public double overRanks(RankTotals ranks) {
    return evaluation(Double.NaN, ranks).metric();
  }

  /**
   * The evaluation over the rows of all ranks; every rank calls this when all have added theirs.
   */
  Evaluation evaluation(double loss, RankTotals ranks) {
    double[] all = ranks.sum(sums);
    if (histogram != null) {
      histogram.merge(ranks);
    }
    double recalls = 0;
    double macro = 0;
    double[] together = new double[SUMS];
    int present = 0;
    for (int c = 0; c < labels; c++) {
      int byNumber = SUMS * (labels + c);
      if (all[byNumber] > 0) {
        present++;
        recalls += all[byNumber + 2] / all[byNumber];
        macro += f1(all, SUMS * c);
      }
      for (int i = 0; i < SUMS; i++) {
        together[i] += all[SUMS * c + i];
      }
    }
    double macroRecall = recalls / Math.max(1, present);
    double accuracy = all[rest + 1] / Math.max(1, all[rest]);
    double value =
        switch (metric) {
          case LOSS -> loss;
          case MACRO_RECALL -> macroRecall;
          case ACCURACY -> accuracy;
          case MACRO_F1 -> macro / Math.max(1, present);
          case MICRO_F1 -> f1(together, 0);
          case LOG_LOSS -> all[rest + 2] / all[rest + 3];
          case PR_AUC -> area(CurveArea::averagePrecision);
          case AUC -> area(CurveArea::underRoc);
        };
    return new Evaluation(loss, macroRecall, accuracy, value);
  }

  private double area(ToDoubleBiFunction<double[], double[]> of) {
    return histogram == null ? Double.NaN : RankingArea.mean(histogram, labels, of);
  }

  /** Twice those that are there and found, over those that are there and those found. */
  private static double f1(double[] all, int at) {
    return all[at] + all[at + 1] > 0 ? 2 * all[at + 2] / (all[at] + all[at + 1]) : 0;
  }
}
