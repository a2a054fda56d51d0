package io.sparkfocal.calibration;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Chooses thresholds, one per class, on rows whose class is known; the class with the largest
 * probability / threshold is predicted, as with Spark ML's {@code thresholds}.
 */
public final class ThresholdTuning {

  private static final String RECALL = "recall=";
  private static final double LEAST = Double.MIN_NORMAL;

  /** Values closer than this share of them differ by rounding only, so no cut lies between them. */
  private static final double ROUNDING = 1e-9;

  private static final int MOST_ROUNDS = 10;

  /** Recall that is asked for; NaN where F1 is the goal. */
  private final double recall;

  private ThresholdTuning(double recall) {
    this.recall = recall;
  }

  /**
   * From a text.
   *
   * @param text none, f1 or recall=R
   * @return null for none
   * @throws IllegalArgumentException if it is another one
   */
  public static @Nullable ThresholdTuning parse(String text) {
    if (text.equals("none")) {
      return null;
    }
    if (text.equals("f1")) {
      return new ThresholdTuning(Double.NaN);
    }
    if (text.startsWith(RECALL)) {
      try {
        double recall = Double.parseDouble(text.substring(RECALL.length()));
        if (recall > 0 && recall <= 1) {
          return new ThresholdTuning(recall);
        }
      } catch (NumberFormatException e) {
        throw unknown(text);
      }
    }
    throw unknown(text);
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException(
        "thresholdTuning is \"%s\"; it must be none, f1, or recall=R with R above 0 and at most 1."
            .formatted(text));
  }

  /**
   * The thresholds, from above 0 to 1.
   *
   * <p>For F1, each class's threshold in turn is set to what is best for macro F1 given the others,
   * until nothing gains; with two classes that is the best there is, and never is it worse than
   * without thresholds. For recall, with two classes class 1 is recognised with at least that
   * recall and the fewest false alarms that allow it, but for rows whose probability of class 1 is
   * below 2e-308, which no threshold reaches; with more, each class against the rest. A class
   * without validation rows gets the share that all have alike; one without training rows too gets
   * the threshold 1, which none exceeds.
   *
   * @param trainingRows of each class
   */
  public double[] thresholds(ValidationScores scores, double temperature, long... trainingRows) {
    boolean[] known = new boolean[scores.classes()];
    for (int c = 0; c < known.length; c++) {
      known[c] = trainingRows[c] > 0;
    }
    double[][] p = new double[scores.rows()][];
    for (int row = 0; row < p.length; row++) {
      p[row] = scores.probabilities(row, temperature);
      known[scores.label(row)] = true;
    }
    for (double[] row : p) {
      for (int c = 0; c < known.length; c++) {
        row[c] = known[c] ? row[c] : 0;
      }
    }
    double[] thresholds = Double.isNaN(recall) ? forF1(scores, p) : forRecall(scores, p);
    for (int c = 0; c < known.length; c++) {
      thresholds[c] = known[c] ? thresholds[c] : 1;
    }
    return thresholds;
  }

  /** As above, with training rows of every class. */
  double[] thresholds(ValidationScores scores, double temperature) {
    long[] some = new long[scores.classes()];
    Arrays.fill(some, 1);
    return thresholds(scores, temperature, some);
  }

  private double[] forRecall(ValidationScores scores, double[][] p) {
    int classes = scores.classes();
    if (classes == 2) {
      // By the odds: a probability near 1 has no digits left to tell rows apart.
      double odds = cut(scores, row -> p[row][1] / Math.max(p[row][0], LEAST), 1, 1);
      return pair(1, odds);
    }
    double[] thresholds = new double[classes];
    for (int c = 0; c < classes; c++) {
      int rated = c;
      thresholds[c] = cut(scores, row -> p[row][rated], c, 1.0 / classes);
    }
    return thresholds;
  }

  /** Two thresholds in this proportion that add up to 1, neither found by a difference. */
  private static double[] pair(double zero, double one) {
    return new double[] {Math.max(LEAST, zero / (zero + one)), Math.max(LEAST, one / (zero + one))};
  }

  /** The largest score with enough of a class's rows above it; neutral if it has no rows. */
  private double cut(ValidationScores scores, Score score, int c, double neutral) {
    int[] order = descending(score, scores.rows());
    double all = 0;
    for (int row = 0; row < scores.rows(); row++) {
      all += scores.label(row) == c ? scores.weight(row) : 0;
    }
    if (all == 0) {
      return neutral;
    }
    double found = 0;
    for (int i = 0; i < order.length; i++) {
      found += scores.label(order[i]) == c ? scores.weight(order[i]) : 0;
      if (found >= recall * all - 1e-12 * all) {
        return Math.max(LEAST, between(score.of(order[i]), i, order, score));
      }
    }
    return LEAST;
  }

  /** Between a value and the next smaller one, so that no row lies on the cut. */
  private static double between(double value, int place, int[] order, Score score) {
    double smallest = value;
    for (int i = place + 1; i < order.length; i++) {
      double next = score.of(order[i]);
      if (apart(smallest, next)) {
        return halfway(smallest, next);
      }
      smallest = next;
    }
    return smallest / 2;
  }

  private static boolean apart(double value, double next) {
    return next < value * (1 - ROUNDING);
  }

  /** Odds whose probability lies halfway between those of two odds. */
  private static double halfway(double value, double next) {
    return (value / (1 + value) + next / (1 + next)) / (1 / (1 + value) + 1 / (1 + next));
  }

  @FunctionalInterface
  private interface Score {
    double of(int row);
  }

  private static int[] descending(Score score, int rows) {
    return IntStream.range(0, rows)
        .boxed()
        .sorted(Comparator.<Integer>comparingDouble(score::of).reversed())
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static double[] forF1(ValidationScores scores, double[][] p) {
    int classes = scores.classes();
    double[] thresholds = new double[classes];
    Arrays.fill(thresholds, 1);
    double untuned = macroF1(scores, p, thresholds);
    double best = untuned;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      double before = best;
      for (int c = classes - 1; c >= 0; c--) {
        best = improve(scores, p, thresholds, c, best);
      }
      if (best <= before) {
        break;
      }
    }
    double[] scaled = scaled(thresholds);
    if (macroF1(scores, p, scaled) > untuned) {
      return scaled;
    }
    Arrays.fill(thresholds, 1);
    return scaled(thresholds);
  }

  /** The same proportions, from above 0 to 1. */
  private static double[] scaled(double[] thresholds) {
    if (thresholds.length == 2) {
      return pair(thresholds[0], thresholds[1]);
    }
    double largest = Arrays.stream(thresholds).max().orElse(1);
    return Arrays.stream(thresholds).map(t -> Math.max(LEAST, t / largest)).toArray();
  }

  /** Sets the threshold of one class to the best one, if that is better; the best macro F1. */
  private static double improve(
      ValidationScores scores, double[][] p, double[] thresholds, int c, double best) {
    int rows = scores.rows();
    int[] rival = new int[rows];
    double[] needed = new double[rows];
    for (int row = 0; row < rows; row++) {
      rival[row] = c == 0 ? 1 : 0;
      for (int k = 0; k < thresholds.length; k++) {
        if (k != c && p[row][k] / thresholds[k] > p[row][rival[row]] / thresholds[rival[row]]) {
          rival[row] = k;
        }
      }
      // The row goes to c while c's threshold is below this.
      needed[row] =
          p[row][c] / Math.max(p[row][rival[row]] / thresholds[rival[row]], Double.MIN_NORMAL);
    }
    Counts counts = new Counts(scores);
    for (int row = 0; row < rows; row++) {
      counts.predict(row, rival[row], 1);
    }
    int[] order = descending(row -> needed[row], rows);
    double found = thresholds[c];
    double highest = best;
    for (int i = 0; i < rows; i++) {
      counts.predict(order[i], rival[order[i]], -1);
      counts.predict(order[i], c, 1);
      boolean last = i + 1 == rows;
      if (last || apart(needed[order[i]], needed[order[i + 1]])) {
        double value = counts.macroF1();
        if (value > highest + 1e-12) {
          highest = value;
          found = between(needed[order[i]], i, order, row -> needed[row]);
        }
      }
    }
    if (highest > best && found > 0) {
      thresholds[c] = found;
      return highest;
    }
    return best;
  }

  /** Mean F1 over the classes that have rows, of the class with the largest p / threshold. */
  static double macroF1(ValidationScores scores, double[][] p, double[] thresholds) {
    Counts counts = new Counts(scores);
    for (int row = 0; row < scores.rows(); row++) {
      int best = 0;
      for (int c = 1; c < thresholds.length; c++) {
        best = p[row][c] / thresholds[c] > p[row][best] / thresholds[best] ? c : best;
      }
      counts.predict(row, best, 1);
    }
    return counts.macroF1();
  }

  /** Weights of rows by true and predicted class. */
  private static final class Counts {

    private final ValidationScores scores;
    private final double[] truth;
    private final double[] predicted;
    private final double[] hits;

    Counts(ValidationScores scores) {
      this.scores = scores;
      truth = new double[scores.classes()];
      predicted = new double[scores.classes()];
      hits = new double[scores.classes()];
      for (int row = 0; row < scores.rows(); row++) {
        truth[scores.label(row)] += scores.weight(row);
      }
    }

    void predict(int row, int c, int sign) {
      double weight = sign * scores.weight(row);
      predicted[c] += weight;
      if (scores.label(row) == c) {
        hits[c] += weight;
      }
    }

    double macroF1() {
      double sum = 0;
      int present = 0;
      for (int c = 0; c < truth.length; c++) {
        if (truth[c] > 0) {
          sum += 2 * hits[c] / (truth[c] + predicted[c]);
          present++;
        }
      }
      return present == 0 ? 0 : sum / present;
    }
  }
}
