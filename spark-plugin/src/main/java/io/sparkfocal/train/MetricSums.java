package io.sparkfocal.train;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * What a metric of scored rows is made of: sums that add up over parts of the rows, in any order
 * and to the same bits. Every row counts once.
 */
public interface MetricSums {

  /**
   * Without rows.
   *
   * @param metric any but {@link ValidationMetric#LOSS}, which needs a loss
   * @param classes two or more
   * @param copies how many such sums are held together, within 64 MiB: the more, the fewer bins an
   *     area under a curve has, from 16,384 down to 64
   * @throws IllegalArgumentException if so many do not fit, or the metric is no sum of such
   */
  static MetricSums of(ValidationMetric metric, int classes, int copies) {
    return switch (metric) {
      case MACRO_RECALL, ACCURACY, MACRO_F1, MICRO_F1 -> new ClassHits(metric, classes, copies);
      case LOG_LOSS -> new LossSum();
      case PR_AUC -> new AreaSums(metric, CurveArea::averagePrecision, classes, copies);
      case AUC -> new AreaSums(metric, CurveArea::underRoc, classes, copies);
      case LOSS ->
          throw new IllegalArgumentException(
              "The loss is no metric of scored rows; choose another.");
    };
  }

  /**
   * Adds a row.
   *
   * @param scores of the classes, whose softmax are the probabilities
   * @param predicted class
   */
  void add(int label, double[] scores, int predicted);

  /** Adds the rows of sums for the same metric, classes and copies, as they were written. */
  void add(DataInput written) throws IOException;

  /** Writes them for {@link #add(DataInput)}. */
  void write(DataOutput to) throws IOException;

  /** The value of the metric; NaN if the rows do not define it. */
  double value();
}
