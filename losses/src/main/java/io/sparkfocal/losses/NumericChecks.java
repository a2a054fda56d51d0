package io.sparkfocal.losses;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.LossContract.ContractViolation;
import io.sparkfocal.losses.LossTrial.Result;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The checks of {@link LossContract} on values and gradients. */
final class NumericChecks {

  private static final double STEP = 1e-6;
  private static final double[] EXTREMES = {0, 17, -17, 88, -88, 104, -104, 1e3, -1e3, 1e4, -1e4};
  private static final double SURE = 0.99;

  private NumericChecks() {}

  static String row(double[] logits, long label) {
    return "logits %s, label %s".formatted(Arrays.toString(logits), label);
  }

  static boolean near(double actual, double expected, double tolerance) {
    return Math.abs(actual - expected) <= tolerance * (1 + Math.abs(expected));
  }

  static void differentiable(LossTrial trial) {
    if (trial.has(LossTrait.HOLDS_FACTORS_CONSTANT)) {
      return;
    }
    for (int rows : new int[] {1, 3}) {
      slopes(trial, trial.normal(rows, 3));
      if (!trial.has(LossTrait.JUMPS)) {
        slopes(trial, new double[rows][trial.columns()]);
        double[][] ties = trial.normal(rows, 1);
        for (double[] row : ties) {
          row[row.length - 1] = row[0];
        }
        slopes(trial, ties);
      }
    }
  }

  /** Gradients, times weights of rows, against central differences of the weighted sum. */
  private static void slopes(LossTrial trial, double[][] logits) {
    long[] labels = trial.labels(logits.length);
    double[] weights = IntStream.range(0, logits.length).mapToDouble(i -> 0.5 + i).toArray();
    Result base = trial.run(DataType.FLOAT64, logits, labels, weights);
    for (int i = 0; i < logits.length; i++) {
      for (int j = 0; j < logits[i].length; j++) {
        double z = logits[i][j];
        logits[i][j] = z + STEP;
        double above = weightedSum(trial, logits, labels, weights);
        logits[i][j] = z - STEP;
        double below = weightedSum(trial, logits, labels, weights);
        logits[i][j] = z;
        double slope = (above - below) / (2 * STEP);
        double gradient = weights[i] * base.gradients()[i][j];
        if (!near(gradient, slope, 1e-6)) {
          throw new ContractViolation(
              "%s: the gradient by logit %s is %s, the central difference %s"
                  .formatted(
                      row(logits[i], labels[i]), j, gradient / weights[i], slope / weights[i]));
        }
      }
    }
  }

  private static double weightedSum(
      LossTrial trial, double[][] logits, long[] labels, double[] weights) {
    double[] values = trial.run(DataType.FLOAT64, logits, labels, weights).values();
    return IntStream.range(0, values.length).mapToDouble(i -> weights[i] * values[i]).sum();
  }

  static void stable(LossTrial trial) {
    List<double[]> rows = new ArrayList<>();
    for (double a : EXTREMES) {
      if (trial.columns() == 1) {
        rows.add(new double[] {a});
      } else {
        for (double b : EXTREMES) {
          double[] row = new double[trial.columns()];
          row[0] = a;
          row[row.length - 1] = b;
          rows.add(row);
        }
      }
    }
    double[][] logits = rows.toArray(double[][]::new);
    for (int label = 0; label < trial.classes(); label++) {
      long[] labels = new long[logits.length];
      Arrays.fill(labels, label);
      follows(trial, logits, labels);
    }
  }

  private static void follows(LossTrial trial, double[][] logits, long[] labels) {
    Result floats = trial.run(DataType.FLOAT32, logits, labels);
    Result doubles = trial.run(DataType.FLOAT64, logits, labels);
    for (int i = 0; i < logits.length; i++) {
      double value = floats.values()[i];
      if (!Double.isFinite(value)
          || value < 0
          || !Arrays.stream(floats.gradients()[i]).allMatch(Double::isFinite)) {
        throw new ContractViolation(
            "%s in float32: value %s, gradient %s; they must be finite and the value at least 0"
                .formatted(
                    row(logits[i], labels[i]), value, Arrays.toString(floats.gradients()[i])));
      }
      double expected = doubles.values()[i];
      if (!trial.has(LossTrait.JUMPS)
          && !near(value, expected, 1e-5)
          && probability(trial, logits[i], labels[i]) < SURE) {
        throw new ContractViolation(
            "%s: the value is %s in float32 and %s in float64"
                .formatted(row(logits[i], labels[i]), value, expected));
      }
    }
  }

  private static double probability(LossTrial trial, double[] logits, long label) {
    if (logits.length == 1) {
      return 1 / (1 + Math.exp(label == 1 ? -logits[0] : logits[0]));
    }
    double target = logits[(int) label];
    return trial.loss().isSigmoid()
        ? 1 / (1 + Math.exp(-target))
        : 1 / Arrays.stream(logits).map(z -> Math.exp(z - target)).sum();
  }
}
