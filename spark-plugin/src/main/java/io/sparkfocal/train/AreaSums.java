package io.sparkfocal.train;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.function.ToDoubleBiFunction;

/** An area under the curves of the classes, as {@link RankingArea} has it for ranks. */
final class AreaSums implements MetricSums {

  /** Bins of all copies, of 16 bytes. */
  private static final long ALL_BINS = 1 << 22;

  private static final long MOST_BINS = 1 << 14;
  private static final long FEWEST_BINS = 1 << 6;

  private final ToDoubleBiFunction<double[], double[]> area;
  private final int firstClass;
  private final double[] odds;
  private final ScoreHistogram histogram;

  AreaSums(
      ValidationMetric metric,
      ToDoubleBiFunction<double[], double[]> area,
      int classes,
      int copies) {
    this.area = area;
    this.firstClass = classes == 2 ? 1 : 0;
    this.odds = new double[classes];
    int curves = classes - firstClass;
    long bins = Long.highestOneBit(ALL_BINS / ((long) curves * copies));
    if (bins < FEWEST_BINS) {
      throw new IllegalArgumentException(
          "metric is %s, but curves of %s classes for %s scores of each row do not fit 64 MiB; set it to logLoss, or lower repeats."
              .formatted(metric.label(), classes, copies));
    }
    this.histogram = new ScoreHistogram(curves, (int) Math.min(MOST_BINS, bins));
  }

  @Override
  public void add(int label, double[] scores, int predicted) {
    LogOdds.of(scores, odds);
    for (int c = firstClass; c < odds.length; c++) {
      histogram.add(c - firstClass, odds[c], c == label, 1);
    }
  }

  @Override
  public void add(DataInput written) throws IOException {
    histogram.add(written);
  }

  @Override
  public void write(DataOutput to) throws IOException {
    histogram.write(to);
  }

  @Override
  public double value() {
    return RankingArea.mean(histogram, odds.length - firstClass, area);
  }
}
