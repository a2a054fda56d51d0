package io.sparkfocal.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Rows of five Gaussians of unequal weights, of which the best possible classifier is known: the
 * posterior.
 */
final class Mixture {

  static final String LABEL = "label";

  private static final int DIMENSIONS = 8;
  private static final double[] PRIORS = {0.9, 0.06, 0.03, 0.008, 0.002};
  private static final double SPREAD = 1.1;
  private static final StructType SCHEMA =
      new StructType()
          .add(LABEL, DataTypes.DoubleType, false)
          .add(new StructField("features", new VectorUDT(), false, Metadata.empty()))
          .add("is_validation", DataTypes.BooleanType, false)
          .add("is_test", DataTypes.BooleanType, false);

  private final double[][] centers = new double[PRIORS.length][DIMENSIONS];
  private final List<Row> rows = new ArrayList<>();
  private final List<double[]> test = new ArrayList<>();
  private final List<Integer> testLabels = new ArrayList<>();

  /** Draws rows: six in ten to train on, one for validation, three to judge by. */
  Mixture(int count, long seed) {
    Random centersRandom = new Random(17);
    for (double[] center : centers) {
      for (int d = 0; d < DIMENSIONS; d++) {
        center[d] = SPREAD * centersRandom.nextGaussian();
      }
    }
    Random random = new Random(seed);
    for (int i = 0; i < count; i++) {
      double u = random.nextDouble();
      int label = 0;
      while (label < PRIORS.length - 1 && u > PRIORS[label]) {
        u -= PRIORS[label++];
      }
      double[] x = new double[DIMENSIONS];
      for (int d = 0; d < DIMENSIONS; d++) {
        x[d] = centers[label][d] + random.nextGaussian();
      }
      int part = i % 10;
      rows.add(RowFactory.create((double) label, Vectors.dense(x), part == 3, part < 3));
      if (part < 3) {
        test.add(x);
        testLabels.add(label);
      }
    }
  }

  Dataset<Row> rows(SparkSession spark) {
    return spark.createDataFrame(rows, SCHEMA).repartition(2).cache();
  }

  /** What the best classifier reaches on the test rows. */
  Quality optimum() {
    double[][] p = new double[test.size()][];
    int[] predictions = new int[test.size()];
    for (int i = 0; i < p.length; i++) {
      p[i] = posterior(test.get(i));
      for (int c = 1; c < PRIORS.length; c++) {
        predictions[i] = p[i][c] > p[i][predictions[i]] ? c : predictions[i];
      }
    }
    int[] labels = testLabels.stream().mapToInt(Integer::intValue).toArray();
    return Quality.of(labels, predictions, p, 0);
  }

  private double[] posterior(double[] x) {
    double[] p = new double[PRIORS.length];
    double sum = 0;
    for (int c = 0; c < p.length; c++) {
      double distance = 0;
      for (int d = 0; d < DIMENSIONS; d++) {
        distance += (x[d] - centers[c][d]) * (x[d] - centers[c][d]);
      }
      p[c] = PRIORS[c] * Math.exp(-distance / 2);
      sum += p[c];
    }
    for (int c = 0; c < p.length; c++) {
      p[c] /= sum;
    }
    return p;
  }
}
