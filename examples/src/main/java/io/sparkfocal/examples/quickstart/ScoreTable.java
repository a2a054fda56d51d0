package io.sparkfocal.examples.quickstart;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Scores of several losses side by side, each as mean and sample standard deviation over runs. */
final class ScoreTable {

  private static final int CELL = 24;

  private final List<String> classes;
  private final Map<Candidate, List<Scores>> runs = new LinkedHashMap<>();

  ScoreTable(List<String> classes) {
    this.classes = List.copyOf(classes);
  }

  void add(Candidate candidate, Scores scores) {
    runs.computeIfAbsent(candidate, c -> new ArrayList<>()).add(scores);
  }

  double meanMacroRecall(Candidate candidate) {
    return Spread.of(runs.getOrDefault(candidate, List.of()), Scores::macroRecall).mean();
  }

  /** Mean area under the precision-recall curve: of class 1 of two, else over the classes. */
  double meanArea(Candidate candidate) {
    return Spread.of(runs.getOrDefault(candidate, List.of()), Scores::area).mean();
  }

  /** The table as text, one line per class and measure. */
  String render() {
    int width = Math.max(12, classes.stream().mapToInt(String::length).max().orElse(0));
    StringBuilder text = new StringBuilder();
    int count = runs.values().stream().mapToInt(List::size).max().orElse(0);
    text.append("On rows that training never saw, mean");
    text.append(
        count > 1 ? " ± standard deviation over " + count + " seeds:\n\n" : " of one run:\n\n");
    appendHeader(text, width);
    for (int c = 0; c < classes.size(); c++) {
      int wanted = c;
      appendLine(text, width, "recall", classes.get(c), s -> s.recalls()[wanted]);
    }
    appendLine(text, width, "recall", "macro", Scores::macroRecall);
    text.append('\n');
    for (int c = 0; c < classes.size(); c++) {
      int wanted = c;
      appendLine(text, width, "PR-AUC", classes.get(c), s -> s.areasUnderPr()[wanted]);
    }
    appendLine(text, width, "PR-AUC", "macro", Scores::macroAreaUnderPr);
    text.append('\n');
    appendLine(text, width, "log", "loss", Scores::logLoss);
    appendLine(text, width, "error", "calibration", Scores::calibrationError);
    return text.toString();
  }

  private void appendHeader(StringBuilder text, int width) {
    text.append(pad("", 8 + width));
    runs.keySet().forEach(candidate -> text.append(pad("  " + candidate.title(), CELL)));
    text.append('\n');
  }

  private void appendLine(
      StringBuilder text, int width, String measure, String name, ToDoubleFunction<Scores> score) {
    text.append(pad(measure, 8)).append(pad(name, width));
    runs.values().forEach(scores -> text.append(pad("  " + Spread.of(scores, score), CELL)));
    text.append('\n');
  }

  private static String pad(String cell, int width) {
    return String.format(Locale.ROOT, "%-" + width + "s", cell);
  }

  /** Mean and sample standard deviation. */
  private record Spread(double mean, double deviation, int count) {

    static Spread of(List<Scores> runs, ToDoubleFunction<Scores> score) {
      double[] values = runs.stream().mapToDouble(score).filter(v -> !Double.isNaN(v)).toArray();
      double sum = 0;
      for (double value : values) {
        sum += value;
      }
      double mean = sum / values.length;
      double squares = 0;
      for (double value : values) {
        squares += (value - mean) * (value - mean);
      }
      return new Spread(mean, Math.sqrt(squares / Math.max(1, values.length - 1)), values.length);
    }

    @Override
    public String toString() {
      if (count == 0) {
        return "no rows";
      }
      return count == 1
          ? String.format(Locale.ROOT, "%.4f", mean)
          : String.format(Locale.ROOT, "%.4f ± %.4f", mean, deviation);
    }
  }
}
