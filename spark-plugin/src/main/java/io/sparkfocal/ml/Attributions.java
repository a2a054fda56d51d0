package io.sparkfocal.ml;

import io.sparkfocal.data.FeatureEncoding;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.ToIntBiFunction;
import java.util.stream.IntStream;

/**
 * What each feature of a row has to do with its score, against a typical row.
 *
 * <p>Numbers: integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365) by the midpoint
 * rule, over the straight line of the network's inputs from the typical ones to those of the row,
 * while categories and gaps stay as they are. A number of a table is the sum over its two inputs.
 * What numbers change together is known, so a row that misses it by more than 1 % is integrated
 * again, in four times as many steps, up to 512.
 *
 * <p>Categories and missing numbers: the difference to the score with that feature alone made
 * typical.
 */
final class Attributions {

  private static final int FEWEST_STEPS = 32;
  private static final int MOST_STEPS = 512;
  private static final int MORE = 4;

  /** Of the difference that is to be explained, or of 1. */
  private static final double TOLERANCE = 0.01;

  /** A graph keeps what a forward pass alone frees, so fewer rows go through at once. */
  private static final int MOST_POINTS = 256;

  private static final int GRAPH = 4;

  private final Scorer scorer;
  private final ExplainedScore explained;
  private final int width;
  private final int outputs;
  private final float[] typical;
  private final int[][] places;
  private final boolean[] isCategory;
  private final int most;
  private final ByteBuffer points;

  /** Used by one thread, as the scorer, which the caller closes. */
  Attributions(Scorer scorer, FeatureEncoding encoding, ExplainedScore explained) {
    this.scorer = scorer;
    this.explained = explained;
    this.width = scorer.features();
    this.outputs = scorer.outputs();
    this.typical = encoding.typicalInputs();
    this.places = new int[encoding.features()][];
    this.isCategory = new boolean[places.length];
    for (int f = 0; f < places.length; f++) {
      places[f] = encoding.inputsOf(f);
      isCategory[f] = encoding.isCategory(f);
    }
    this.most = Math.max(1, Math.min(MOST_POINTS, scorer.batchRows() / GRAPH));
    this.points = scorer.newInput(most);
  }

  /** A row with one feature made typical. */
  private record Switch(int row, int feature) {}

  /**
   * Attributions of rows: shape (rows, features), in units of the score.
   *
   * @param inputs of the rows, as the network takes them
   * @param logits of the same rows
   * @param predicted the class of the row whose logits begin at a place
   */
  double[][] of(FloatBuffer inputs, float[] logits, ToIntBiFunction<float[], Integer> predicted) {
    int rows = logits.length / outputs;
    float[] given = new float[rows * width];
    inputs.get(0, given);
    int[] classes = new int[rows];
    for (int row = 0; row < rows; row++) {
      classes[row] = predicted.applyAsInt(logits, row * outputs);
    }
    double[][] all = new double[rows][places.length];
    List<Switch> switches = new ArrayList<>();
    boolean hasPath = false;
    float[] starts = given.clone();
    for (int row = 0; row < rows; row++) {
      for (int f = 0; f < places.length; f++) {
        if (hasPath(given, row, f)) {
          hasPath = true;
          for (int place : places[f]) {
            starts[row * width + place] = typical[place];
          }
        } else if (given[row * width + places[f][0]] != typical[places[f][0]]) {
          switches.add(new Switch(row, f));
        }
      }
    }
    if (hasPath) {
      double[] changes = changes(starts, logits, classes);
      int[] inexact = IntStream.range(0, rows).toArray();
      for (int steps = FEWEST_STEPS; steps <= MOST_STEPS && inexact.length > 0; steps *= MORE) {
        integrate(inexact, steps, given, classes, all);
        inexact = Arrays.stream(inexact).filter(row -> isInexact(all[row], changes[row])).toArray();
      }
    }
    switchEach(switches, given, logits, classes, all);
    return all;
  }

  private boolean hasPath(float[] given, int row, int feature) {
    return !isCategory[feature] && !Float.isNaN(given[row * width + places[feature][0]]);
  }

  /** By how much the scores of rows differ from those at the starts of their paths. */
  private double[] changes(float[] starts, float[] logits, int[] classes) {
    double[] changes = new double[classes.length];
    FloatBuffer floats = points.asFloatBuffer();
    for (int from = 0; from < changes.length; from += most) {
      int length = Math.min(most, changes.length - from);
      floats.put(0, starts, from * width, length * width);
      float[] atStart = scorer.logits(points, length);
      for (int i = 0; i < length; i++) {
        int row = from + i;
        changes[row] =
            explained.value(logits, row * outputs, classes[row])
                - explained.value(atStart, i * outputs, classes[row]);
      }
    }
    return changes;
  }

  /** Those without a path are still 0. */
  private static boolean isInexact(double[] attributed, double change) {
    return Math.abs(Arrays.stream(attributed).sum() - change)
        > TOLERANCE * Math.max(1, Math.abs(change));
  }

  private void integrate(int[] rows, int steps, float[] given, int[] classes, double[][] all) {
    FloatBuffer floats = points.asFloatBuffer();
    float[] point = new float[width];
    int count = rows.length * steps;
    for (int row : rows) {
      Arrays.fill(all[row], 0);
    }
    for (int from = 0; from < count; from += most) {
      int first = from;
      int length = Math.min(most, count - from);
      for (int i = 0; i < length; i++) {
        int row = rows[(from + i) / steps];
        double along = ((from + i) % steps + 0.5) / steps;
        System.arraycopy(given, row * width, point, 0, width);
        for (int f = 0; f < places.length; f++) {
          if (hasPath(given, row, f)) {
            for (int place : places[f]) {
              point[place] = (float) (typical[place] + along * (point[place] - typical[place]));
            }
          }
        }
        floats.put(i * width, point);
      }
      float[] gradients =
          scorer.gradients(
              points, length, logits -> slopes(logits, i -> classes[rows[(first + i) / steps]]));
      for (int i = 0; i < length; i++) {
        int row = rows[(from + i) / steps];
        for (int f = 0; f < places.length; f++) {
          if (hasPath(given, row, f)) {
            for (int place : places[f]) {
              double way = (double) given[row * width + place] - typical[place];
              all[row][f] += way * gradients[i * width + place] / steps;
            }
          }
        }
      }
    }
  }

  private float[] slopes(float[] logits, IntUnaryOperator classOf) {
    float[] slopes = new float[logits.length];
    for (int i = 0; i < logits.length / outputs; i++) {
      explained.slopes(logits, i * outputs, classOf.applyAsInt(i), slopes);
    }
    return slopes;
  }

  private void switchEach(
      List<Switch> switches, float[] given, float[] logits, int[] classes, double[][] all) {
    FloatBuffer floats = points.asFloatBuffer();
    for (int from = 0; from < switches.size(); from += most) {
      List<Switch> part = switches.subList(from, Math.min(switches.size(), from + most));
      for (int i = 0; i < part.size(); i++) {
        Switch one = part.get(i);
        floats.put(i * width, given, one.row() * width, width);
        for (int place : places[one.feature()]) {
          floats.put(i * width + place, typical[place]);
        }
      }
      float[] switched = scorer.logits(points, part.size());
      for (int i = 0; i < part.size(); i++) {
        int row = part.get(i).row();
        all[row][part.get(i).feature()] =
            explained.value(logits, row * outputs, classes[row])
                - explained.value(switched, i * outputs, classes[row]);
      }
    }
  }
}
