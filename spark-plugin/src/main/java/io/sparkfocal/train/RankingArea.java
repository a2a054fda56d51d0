package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.calibration.LogitLink;
import java.util.function.ToDoubleBiFunction;

/**
 * An area under the curves of the classes, each against all others, ranked by its probability: the
 * mean over the classes that define one, with two classes that of class 1 alone.
 */
final class RankingArea implements RowMeasure {

  private final LogitLink link;
  private final ToDoubleBiFunction<double[], double[]> area;
  private final int firstClass;
  private final double[] odds;
  private final ScoreHistogram histogram;

  /**
   * Without rows.
   *
   * @param area of weights by ascending score, as in {@link CurveArea}
   */
  RankingArea(LogitLink link, int classes, ToDoubleBiFunction<double[], double[]> area) {
    this.link = link;
    this.area = area;
    this.firstClass = classes == 2 ? 1 : 0;
    this.odds = new double[classes];
    this.histogram = new ScoreHistogram(classes - firstClass);
  }

  @Override
  public Runnable read(NDArray logits, Batch rows) {
    LogitRows onHost = LogitRows.of(logits, rows);
    return () -> onHost.forEach(this::add);
  }

  private void add(float[] values, int from, int outputs, int label, double weight) {
    if (weight == 0) {
      return;
    }
    LogOdds.of(LogitLink.softmaxSpace(link.raw(values, from, outputs), outputs), odds);
    for (int c = firstClass; c < odds.length; c++) {
      histogram.add(c - firstClass, odds[c], c == label, weight);
    }
  }

  @Override
  public double overRanks(RankTotals ranks) {
    histogram.merge(ranks);
    return mean(histogram, odds.length - firstClass, area);
  }

  /** Mean area under the curves that define one; NaN if none does, or a score was no number. */
  static double mean(
      ScoreHistogram histogram, int curves, ToDoubleBiFunction<double[], double[]> area) {
    double sum = 0;
    int defined = 0;
    for (int curve = 0; curve < curves; curve++) {
      double ofClass = area.applyAsDouble(histogram.own(curve), histogram.others(curve));
      if (!Double.isNaN(ofClass)) {
        sum += ofClass;
        defined++;
      }
    }
    return histogram.hasUndefined() ? Double.NaN : sum / defined;
  }
}
