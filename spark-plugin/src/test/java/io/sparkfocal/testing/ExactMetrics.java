package io.sparkfocal.testing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Metrics of scored rows by their definitions, from all rows at once. */
public final class ExactMetrics {

  /**
   * A row.
   *
   * @param scores of each class; a higher one is more of it
   */
  public record Row(int label, double weight, double[] scores) {}

  private ExactMetrics() {}

  /** The metric of that name; scores are probabilities for logLoss. */
  public static double of(String metric, List<Row> rows) {
    return switch (metric) {
      case "macroF1" -> macroF1(rows);
      case "logLoss" -> logLoss(rows);
      case "prAuc" -> macro(rows, false);
      case "auc" -> macro(rows, true);
      default -> throw new IllegalArgumentException(metric);
    };
  }

  private static double logLoss(List<Row> rows) {
    double weights = rows.stream().mapToDouble(Row::weight).sum();
    return rows.stream().mapToDouble(r -> -r.weight * Math.log(r.scores[r.label])).sum() / weights;
  }

  private static int predicted(Row row) {
    return IntStream.range(0, row.scores.length)
        .boxed()
        .max(Comparator.comparingDouble(c -> row.scores[c]))
        .orElseThrow();
  }

  private static double macroF1(List<Row> rows) {
    return classes(rows)
        .mapToDouble(
            c -> {
              double all = 0;
              double hits = 0;
              for (Row row : rows) {
                int predicted = predicted(row);
                all += row.weight * ((row.label == c ? 1 : 0) + (predicted == c ? 1 : 0));
                hits += row.label == c && predicted == c ? row.weight : 0;
              }
              return 2 * hits / all;
            })
        .average()
        .orElse(Double.NaN);
  }

  /** Those with rows. */
  private static IntStream classes(List<Row> rows) {
    return rows.stream().filter(r -> r.weight > 0).mapToInt(Row::label).distinct().sorted();
  }

  private static double macro(List<Row> rows, boolean roc) {
    boolean isBinary = rows.get(0).scores.length == 2;
    return classes(rows)
        .filter(c -> !isBinary || c == 1)
        .mapToDouble(c -> area(rows, c, roc))
        .average()
        .orElse(Double.NaN);
  }

  /** By sorted scores; equal ones are one threshold. */
  private static double area(List<Row> rows, int c, boolean roc) {
    List<Row> sorted = new ArrayList<>(rows);
    sorted.sort(Comparator.comparingDouble((Row r) -> r.scores[c]).reversed());
    double found = 0;
    double wrong = 0;
    double precisions = 0;
    double pairs = 0;
    for (int i = 0; i < sorted.size(); ) {
      double own = 0;
      double others = 0;
      double score = sorted.get(i).scores[c];
      for (; i < sorted.size() && sorted.get(i).scores[c] == score; i++) {
        Row row = sorted.get(i);
        own += row.label == c ? row.weight : 0;
        others += row.label == c ? 0 : row.weight;
      }
      pairs += others * (found + own / 2);
      found += own;
      wrong += others;
      precisions += own == 0 ? 0 : own * found / (found + wrong);
    }
    return roc ? pairs / (found * wrong) : precisions / found;
  }
}
