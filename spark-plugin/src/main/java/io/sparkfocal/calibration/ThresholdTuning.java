package io.sparkfocal.calibration;

import java.io.Serializable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Chooses thresholds, one per class, on rows whose class is known; the class with the largest
 * probability / threshold is predicted, as with Spark ML's {@code thresholds}.
 */
public final class ThresholdTuning implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final String RECALL = "recall=";

  /** What a network computes in other batches differs by as much. */
  private static final double ROUNDING = 1e-6;

  /** Each looks at other classes of the rows. */
  private static final int SEARCHES = 3;

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
   * The thresholds, from above 0 to 1; the same on every rank.
   *
   * <p>For F1 with two classes, the best macro F1 that there is. With more, each class's threshold
   * in turn is set to what is best given the others, until nothing gains, on a bounded number of
   * rows, which are all rows of rare classes and a part of the others. Whichever it is, macro F1 is
   * counted once more over all rows: never is it worse than without thresholds.
   *
   * <p>For recall, with two classes class 1 is recognised with at least that recall and the fewest
   * false alarms that allow it, but for rows whose probability of class 1 is below 2e-308, which no
   * threshold reaches; with more, each class against the rest. All rows count. Probabilities that
   * differ by a millionth are not told apart. A class without validation rows gets the share that
   * all have alike; one without training rows too gets the threshold 1, which none exceeds.
   *
   * @param totals of the rows
   * @param trainingRows of each class
   */
  double[] thresholds(
      ScoredRows rows, double temperature, ClassTotals totals, long... trainingRows) {
    boolean[] known = new boolean[trainingRows.length];
    for (int c = 0; c < known.length; c++) {
      known[c] = trainingRows[c] > 0 || totals.rows(c) > 0;
    }
    double[] thresholds;
    if (known.length == 2) {
      BinaryThresholds binary = new BinaryThresholds(rows, temperature);
      thresholds = Double.isNaN(recall) ? binary.forF1(totals) : binary.forRecall(recall);
    } else {
      thresholds =
          Double.isNaN(recall)
              ? forF1(rows, temperature, totals, known)
              : forRecall(rows, temperature, known.length);
    }
    for (int c = 0; c < known.length; c++) {
      thresholds[c] = known[c] ? thresholds[c] : 1;
    }
    return thresholds;
  }

  /**
   * A threshold for each of several labels: that of the best F1 of the label, or the highest with
   * the recall; 0.5 for a label that no validation row has.
   */
  double[] ofLabels(LabelCuts cuts) {
    double[] thresholds = new double[cuts.labels()];
    for (int c = 0; c < thresholds.length; c++) {
      double present = cuts.present(c);
      if (present == 0) {
        thresholds[c] = 0.5;
      } else if (Double.isNaN(recall)) {
        thresholds[c] = cuts.best(c, (hits, alarms) -> 2 * hits / (present + hits + alarms));
      } else {
        double wanted = recall * present * (1 - ROUNDING);
        thresholds[c] = cuts.best(c, (hits, alarms) -> hits >= wanted ? 1 : 0);
      }
    }
    return thresholds;
  }

  /** Between probabilities of the class that any rows have. */
  private double[] forRecall(ScoredRows rows, double temperature, int classes) {
    RowNumbers ofTruth =
        new RowNumbers(
            rows,
            (label, scores) ->
                Math.exp(scores[label] / temperature - Softmax.logSumExp(scores, temperature)));
    double[] lowest =
        Arrays.stream(new RecallSearch(rows, ofTruth, classes, label -> label, recall).find())
            .map(found -> found * (1 - ROUNDING))
            .toArray();
    RowNumbers.Neighbours cuts = RowNumbers.Neighbours.of(classes);
    double[] p = new double[classes];
    rows.forEach(
        (label, weight, scores) -> {
          Softmax.probabilities(scores, temperature, p);
          for (int c = 0; c < classes; c++) {
            cuts.add(c, p[c], p[c] >= lowest[c]);
          }
        });
    RowNumbers.Neighbours all = cuts.merge(rows);
    double[] thresholds = new double[classes];
    for (int c = 0; c < classes; c++) {
      thresholds[c] =
          Double.isNaN(lowest[c])
              ? 1.0 / classes
              : Math.max(
                  BinaryThresholds.LEAST, (all.above()[c] + Math.max(0, all.below()[c])) / 2);
    }
    return thresholds;
  }

  private static double[] forF1(
      ScoredRows rows, double temperature, ClassTotals totals, boolean[] known) {
    int classes = known.length;
    double[][] tried = new double[1 + SEARCHES][classes];
    MacroF1[] counts = new MacroF1[1 + SEARCHES];
    Arrays.fill(tried[0], 1);
    counts[0] = new MacroF1(classes);
    for (int i = 1; i <= SEARCHES; i++) {
      // Which classes a row may be of depends on the thresholds.
      RowSample sample = RowSample.of(rows, temperature, totals, known, tried[i - 1]);
      tried[i] = new F1Search(sample, tried[i - 1]).thresholds(rows::working);
      for (int c = 0; c < classes; c++) {
        tried[i][c] = known[c] ? tried[i][c] : 1;
      }
      counts[i] = new MacroF1(classes);
    }
    double[] p = new double[classes];
    rows.forEach(
        (label, weight, scores) -> {
          Softmax.probabilities(scores, temperature, p);
          for (int i = 0; i < tried.length; i++) {
            counts[i].add(label, weight, MacroF1.predicted(p, tried[i]));
          }
        });
    int best = 0;
    double highest = 0;
    for (int i = 0; i < tried.length; i++) {
      double f1 = counts[i].merge(rows);
      best = f1 > highest ? i : best;
      highest = Math.max(highest, f1);
    }
    return tried[best];
  }
}
