package io.sparkfocal.train;

import io.sparkfocal.calibration.MacroF1;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/** Rows by true and predicted class, for the metrics that follow from their numbers. */
final class ClassHits implements MetricSums {

  /** Numbers of all copies, of 8 bytes. */
  private static final long MOST = 1 << 23;

  private final ValidationMetric metric;
  private final int classes;

  /** Rows of each class, then predictions of each, then those that are right. */
  private final double[] counts;

  ClassHits(ValidationMetric metric, int classes, int copies) {
    if (3L * classes * copies > MOST) {
      throw new IllegalArgumentException(
          "metric is %s, but counts of %s classes for %s scores of each row do not fit 64 MiB; set it to logLoss, or lower repeats."
              .formatted(metric.label(), classes, copies));
    }
    this.metric = metric;
    this.classes = classes;
    this.counts = new double[3 * classes];
  }

  @Override
  public void add(int label, double[] scores, int predicted) {
    counts[label]++;
    counts[classes + predicted]++;
    counts[2 * classes + predicted] += label == predicted ? 1 : 0;
  }

  @Override
  public void add(DataInput written) throws IOException {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += written.readDouble();
    }
  }

  @Override
  public void write(DataOutput to) throws IOException {
    for (double count : counts) {
      to.writeDouble(count);
    }
  }

  @Override
  public double value() {
    if (metric == ValidationMetric.MACRO_F1) {
      return MacroF1.mean(counts, classes);
    }
    double[] rows = Arrays.copyOf(counts, classes);
    double[] hits = Arrays.copyOfRange(counts, 2 * classes, 3 * classes);
    return Evaluation.of(metric, Double.NaN, rows, hits, Double.NaN).metric();
  }
}
