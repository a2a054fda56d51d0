package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.testing.ExactMetrics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sums of parts of the rows give the metric of all rows, in whatever order they are added. */
class MetricSumsTest {

  private static final int ROWS = 3000;

  private record Scored(int label, double[] scores) {

    double[] probabilities() {
      return LogitLink.probabilities(scores, scores.length);
    }

    /** Log odds do not round to ties, as probabilities do. */
    double[] scoresFor(String metric) {
      if (!metric.endsWith("uc")) {
        return probabilities();
      }
      double[] odds = new double[scores.length];
      LogOdds.of(scores, odds);
      return odds;
    }

    int predicted() {
      double[] p = probabilities();
      return IntStream.range(0, p.length).reduce(0, (a, b) -> p[b] > p[a] ? b : a);
    }
  }

  private static List<Scored> rows(int classes) {
    Random random = new Random(5);
    List<Scored> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      int label = (int) (classes * Math.pow(random.nextDouble(), 2));
      // The last rows have far larger scores, for which bins become wider.
      double scale = i > ROWS - 100 ? 1000 : 1;
      double[] scores = random.doubles(classes).map(x -> 3 * scale * x).toArray();
      scores[label] += scale;
      rows.add(new Scored(label, scores));
    }
    return rows;
  }

  private static byte[] written(MetricSums sums) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    sums.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static MetricSums merged(MetricSums into, List<byte[]> parts) throws IOException {
    for (byte[] part : parts) {
      into.add(new DataInputStream(new ByteArrayInputStream(part)));
    }
    return into;
  }

  private static double exact(String metric, List<Scored> rows) {
    if (metric.equals("accuracy")) {
      return rows.stream().mapToInt(r -> r.label == r.predicted() ? 1 : 0).average().orElseThrow();
    }
    if (metric.equals("macroRecall")) {
      return IntStream.range(0, rows.get(0).scores.length)
          .mapToDouble(
              c ->
                  rows.stream()
                      .filter(r -> r.label == c)
                      .mapToInt(r -> r.predicted() == c ? 1 : 0)
                      .average()
                      .orElseThrow())
          .average()
          .orElseThrow();
    }
    return ExactMetrics.of(
        metric,
        rows.stream().map(r -> new ExactMetrics.Row(r.label, 1, r.scoresFor(metric))).toList());
  }

  @ParameterizedTest
  @CsvSource({
    "accuracy,2",
    "accuracy,4",
    "macroRecall,4",
    "macroF1,2",
    "macroF1,4",
    "logLoss,2",
    "logLoss,4",
    "prAuc,2",
    "prAuc,4",
    "auc,2",
    "auc,4"
  })
  void partsAddUpToTheMetricOfAllRowsInEveryOrder(String name, int classes) throws IOException {
    ValidationMetric metric = ValidationMetric.of(name);
    List<Scored> rows = rows(classes);
    List<byte[]> parts = new ArrayList<>();
    for (int from = 0; from < ROWS; from += 700) {
      MetricSums part = MetricSums.of(metric, classes, 11);
      for (Scored row : rows.subList(from, Math.min(ROWS, from + 700))) {
        part.add(row.label, row.scores, row.predicted());
      }
      parts.add(written(part));
    }
    parts.add(written(MetricSums.of(metric, classes, 11)));
    double forward = merged(MetricSums.of(metric, classes, 11), parts).value();
    Collections.reverse(parts);
    double backward = merged(MetricSums.of(metric, classes, 11), parts).value();
    List<byte[]> again =
        List.of(
            written(merged(MetricSums.of(metric, classes, 11), parts.subList(0, 3))),
            written(merged(MetricSums.of(metric, classes, 11), parts.subList(3, parts.size()))));
    double nested = merged(MetricSums.of(metric, classes, 11), again).value();
    assertThat(forward).isEqualTo(backward).isEqualTo(nested);
    // Of scores as large as those of the last rows, probabilities are 0, as log odds are not.
    List<Scored> finite = name.equals("logLoss") ? capped(rows) : rows;
    if (finite == rows) {
      assertThat(forward).isCloseTo(exact(name, rows), within(2e-3));
    } else {
      MetricSums sums = MetricSums.of(metric, classes, 11);
      finite.forEach(row -> sums.add(row.label, row.scores, row.predicted()));
      assertThat(sums.value()).isCloseTo(exact(name, finite), within(1e-9));
    }
  }

  private static List<Scored> capped(List<Scored> rows) {
    return rows.subList(0, ROWS - 100);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> MetricSums.of(ValidationMetric.AUC, 1000, 301))
        .hasMessage(
            "metric is auc, but curves of 1000 classes for 301 scores of each row do not fit 64"
                + " MiB; set it to logLoss, or lower repeats.");
    assertThatThrownBy(() -> MetricSums.of(ValidationMetric.MACRO_F1, 100_000, 301))
        .hasMessage(
            "metric is macroF1, but counts of 100000 classes for 301 scores of each row do not fit"
                + " 64 MiB; set it to logLoss, or lower repeats.");
  }

  @Test
  void curvesOfNoKindOrOneAreNotDefined() {
    MetricSums sums = MetricSums.of(ValidationMetric.AUC, 2, 1);
    assertThat(sums.value()).isNaN();
    sums.add(0, new double[] {0, 1}, 1);
    assertThat(sums.value()).isNaN();
  }
}
