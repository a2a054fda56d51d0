package io.sparkfocal.benchmarks;

import io.sparkfocal.calibration.CalibrationReport;
import io.sparkfocal.calibration.ScoredRows;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * How good a model's answers are on rows that it never saw.
 *
 * @param macroRecall mean recall over the classes that have rows
 * @param headRecall the same, of class 1 alone where there are two
 * @param areaUnderPr mean average precision of each class against the rest
 * @param headArea the same, of class 1 alone where there are two
 * @param logLoss mean of -ln of the probability of the true class
 * @param calibrationError expected calibration error, 15 bins
 * @param seconds of training
 */
record Quality(
    double macroRecall,
    double headRecall,
    double areaUnderPr,
    double headArea,
    double logLoss,
    double calibrationError,
    double seconds) {

  private static final double LEAST = 1e-300;

  /** As scikit-learn's log_loss takes probabilities of 0. */
  private static final double FLOOR = 1e-15;

  /** Of columns label (numeric), prediction and probability. */
  static Quality of(Dataset<Row> scored, String label, double seconds) {
    return of(scored, label, 1, seconds);
  }

  /** The same as it was before scores were divided by a temperature. */
  static Quality at(Dataset<Row> scored, String label, double temperature) {
    return of(scored, label, temperature, 0);
  }

  private static Quality of(Dataset<Row> scored, String label, double temperature, double seconds) {
    List<Row> rows =
        scored
            .select(
                functions.col(label).cast("int"),
                functions.col("prediction").cast("int"),
                functions.col("probability"))
            .collectAsList();
    int[] labels = rows.stream().mapToInt(row -> row.getInt(0)).toArray();
    int[] predictions = rows.stream().mapToInt(row -> row.getInt(1)).toArray();
    double[][] p =
        rows.stream()
            .map(row -> raised(((Vector) row.get(2)).toArray(), temperature))
            .toArray(double[][]::new);
    return of(labels, predictions, p, seconds);
  }

  /** To a power, and divided by the sum. */
  private static double[] raised(double[] p, double power) {
    if (power == 1) {
      return p;
    }
    double[] raised = Arrays.stream(p).map(v -> Math.pow(v, power)).toArray();
    double sum = Arrays.stream(raised).sum();
    return Arrays.stream(raised).map(v -> v / sum).toArray();
  }

  static Quality of(int[] labels, int[] predictions, double[][] p, double seconds) {
    int classes = p[0].length;
    double recalls = 0;
    double areas = 0;
    double head = 0;
    double headRecall = 0;
    int present = 0;
    for (int c = 0; c < classes; c++) {
      int wanted = c;
      long rows = Arrays.stream(labels).filter(y -> y == wanted).count();
      if (rows > 0) {
        long hits =
            IntStream.range(0, labels.length)
                .filter(i -> labels[i] == wanted && predictions[i] == wanted)
                .count();
        headRecall = (double) hits / rows;
        recalls += headRecall;
        head = averagePrecision(labels, p, c, rows);
        areas += head;
        present++;
      }
    }
    double[][] logs =
        Arrays.stream(p)
            .map(row -> Arrays.stream(row).map(v -> Math.log(Math.max(v, LEAST))).toArray())
            .toArray(double[][]::new);
    ScoredRows rows =
        visitor -> {
          for (int i = 0; i < labels.length; i++) {
            visitor.row(labels[i], 1, logs[i]);
          }
        };
    double error = CalibrationReport.of(rows, classes, 1).expectedCalibrationError();
    double losses =
        IntStream.range(0, labels.length)
            .mapToDouble(i -> -Math.log(Math.max(p[i][labels[i]], FLOOR)))
            .sum();
    return new Quality(
        recalls / present,
        classes == 2 ? headRecall : recalls / present,
        areas / present,
        classes == 2 ? head : areas / present,
        losses / labels.length,
        error,
        seconds);
  }

  /** Mean precision at the places of the class's rows; ties count as one place. */
  private static double averagePrecision(int[] labels, double[][] p, int c, long rows) {
    int[] order =
        IntStream.range(0, labels.length)
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(i -> p[i][c]).reversed())
            .mapToInt(Integer::intValue)
            .toArray();
    double area = 0;
    long found = 0;
    for (int from = 0; from < order.length; ) {
      int to = from;
      long here = 0;
      while (to < order.length && p[order[to]][c] == p[order[from]][c]) {
        here += labels[order[to]] == c ? 1 : 0;
        to++;
      }
      found += here;
      area += here * (double) found / to;
      from = to;
    }
    return area / rows;
  }
}
