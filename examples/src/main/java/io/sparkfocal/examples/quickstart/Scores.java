package io.sparkfocal.examples.quickstart;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.ml.FocalLossClassificationModel;
import java.util.Arrays;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.mllib.evaluation.BinaryClassificationMetrics;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * How well a model recognises each class of some rows; the curves are Spark's own.
 *
 * @param recalls share of each class that was recognised; NaN for a class without rows
 * @param areasUnderPr area under the precision-recall curve of each class against the others; NaN
 *     for a class without rows
 * @param logLoss mean of -ln of the probability of the true class
 * @param calibrationError expected calibration error of the most likely class, 15 bins; of class 1
 *     where there are two
 */
record Scores(double[] recalls, double[] areasUnderPr, double logLoss, double calibrationError) {

  private static final double LEAST = 1e-15;
  private static final int BINS = 15;

  static Scores of(FocalLossClassificationModel model, Dataset<Row> rows) {
    int classes = model.numClasses();
    JavaRDD<Row> scored =
        model
            .transform(rows)
            .select(LabelledTable.CLASS, model.getPredictionCol(), model.getProbabilityCol())
            .coalesce(1)
            .toJavaRDD()
            .cache();
    long[] sizes = new long[classes];
    long[] hits = new long[classes];
    scored
        .map(row -> new Tuple2<>(row.getDouble(0), row.getDouble(1)))
        .countByValue()
        .forEach(
            (labelAndPrediction, count) -> {
              int label = labelAndPrediction._1().intValue();
              sizes[label] += count;
              hits[label] += labelAndPrediction._2() == label ? count : 0;
            });
    double[] recalls = new double[classes];
    double[] areas = new double[classes];
    for (int c = 0; c < classes; c++) {
      recalls[c] = sizes[c] == 0 ? Double.NaN : (double) hits[c] / sizes[c];
      areas[c] = sizes[c] == 0 ? Double.NaN : areaUnderPr(scored, c);
    }
    double logLoss =
        scored
            .mapToDouble(
                row ->
                    -Math.log(Math.max(LEAST, row.<Vector>getAs(2).apply((int) row.getDouble(0)))))
            .mean();
    double error = calibrationError(scored, classes);
    scored.unpersist(false);
    return new Scores(recalls, areas, logLoss, error);
  }

  /** Over bins of the probability: its mean against the share of rows of the class. */
  private static double calibrationError(JavaRDD<Row> scored, int classes) {
    double[] sums =
        scored
            .map(
                row -> {
                  Vector probability = row.getAs(2);
                  int wanted = classes == 2 ? 1 : probability.argmax();
                  double p = probability.apply(wanted);
                  double[] ofRow = new double[3 * BINS];
                  int bin = Math.min(BINS - 1, (int) (p * BINS));
                  ofRow[bin] = p;
                  ofRow[BINS + bin] = row.getDouble(0) == wanted ? 1 : 0;
                  ofRow[2 * BINS + bin] = 1;
                  return ofRow;
                })
            .reduce(
                (one, other) -> {
                  double[] both = one.clone();
                  for (int i = 0; i < both.length; i++) {
                    both[i] += other[i];
                  }
                  return both;
                });
    double distance = 0;
    double rows = 0;
    for (int bin = 0; bin < BINS; bin++) {
      distance += Math.abs(sums[bin] - sums[BINS + bin]);
      rows += sums[2 * BINS + bin];
    }
    return distance / rows;
  }

  private static double areaUnderPr(JavaRDD<Row> scored, int wanted) {
    JavaRDD<Tuple2<Object, Object>> scoreAndLabel =
        scored.map(
            row ->
                new Tuple2<>(
                    row.<Vector>getAs(2).apply(wanted), row.getDouble(0) == wanted ? 1.0 : 0.0));
    BinaryClassificationMetrics metrics = new BinaryClassificationMetrics(scoreAndLabel.rdd(), 0);
    double area = metrics.areaUnderPR();
    metrics.unpersist();
    return area;
  }

  /** Mean recall over the classes that have rows. */
  double macroRecall() {
    return mean(recalls);
  }

  /** Mean area over the classes that have rows. */
  double macroAreaUnderPr() {
    return mean(areasUnderPr);
  }

  /** That of class 1 of two, else the macro area. */
  double area() {
    return areasUnderPr.length == 2 ? areasUnderPr[1] : macroAreaUnderPr();
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).filter(v -> !Double.isNaN(v)).average().orElse(Double.NaN);
  }
}
