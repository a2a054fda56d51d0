package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.ExactMetrics;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class ScoreHistogramTest {

  /** Scores of three curves; rows of class 3 belong to none of them. */
  private static List<ExactMetrics.Row> rows(int count, double scale, double centre, int steps) {
    Random random = new Random(5);
    List<ExactMetrics.Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int label = random.nextInt(50) == 0 ? 1 : 3 * random.nextInt(2);
      double[] scores = new double[3];
      for (int c = 0; c < 3; c++) {
        double score = random.nextGaussian() + (c == label ? 1.5 : 0);
        scores[c] = centre + scale * (steps == 0 ? score : Math.rint(score * steps) / steps);
      }
      rows.add(new ExactMetrics.Row(label, i % 7 == 0 ? 1 : random.nextDouble(), scores));
    }
    return rows;
  }

  private static ScoreHistogram histogram(int bins, List<ExactMetrics.Row> rows) {
    ScoreHistogram histogram = new ScoreHistogram(3, bins);
    for (ExactMetrics.Row row : rows) {
      for (int c = 0; c < 3; c++) {
        histogram.add(c, row.scores()[c], c == row.label(), row.weight());
      }
    }
    return histogram;
  }

  private static double[] areas(ScoreHistogram histogram, int curve) {
    double[] own = histogram.own(curve);
    double[] others = histogram.others(curve);
    return new double[] {CurveArea.averagePrecision(own, others), CurveArea.underRoc(own, others)};
  }

  private static double[] exact(List<ExactMetrics.Row> rows, int curve) {
    List<ExactMetrics.Row> binary =
        rows.stream()
            .map(
                r ->
                    new ExactMetrics.Row(
                        r.label() == curve ? 1 : 0,
                        r.weight(),
                        new double[] {0, r.scores()[curve]}))
            .toList();
    return new double[] {ExactMetrics.of("prAuc", binary), ExactMetrics.of("auc", binary)};
  }

  /** Scores of any size and place, with and without ties. */
  @ParameterizedTest
  @CsvSource({
    "20000, 1, 0, 0",
    "20000, 1, 0, 4",
    "20000, 0.001, -7, 0",
    "20000, 0.001, -7, 3",
    "20000, 60, 5, 0",
    "20000, 1e6, 0, 0",
    "300, 3, 0, 0",
    "300, 3, 0, 1"
  })
  void areasAreThoseOfAllRowsSorted(int count, double scale, double centre, int steps) {
    List<ExactMetrics.Row> rows = rows(count, scale, centre, steps);
    ScoreHistogram histogram = histogram(1 << 14, rows);
    for (int curve = 0; curve < 2; curve++) {
      double[] exact = exact(rows, curve);
      assertThat(exact[0]).isBetween(0.05, 0.9);
      assertThat(areas(histogram, curve)).containsExactly(exact, within(1e-3));
    }
  }

  @Test
  void aCurveWithoutRowsOfItsOwnHasNoArea() {
    ScoreHistogram histogram = histogram(256, rows(500, 1, 0, 0));
    assertThat(areas(histogram, 2)).containsOnly(Double.NaN);
    assertThat(areas(new ScoreHistogram(1), 0)).containsOnly(Double.NaN);
    ScoreHistogram all = new ScoreHistogram(1);
    all.add(0, 3, true, 2);
    assertThat(areas(all, 0)).containsExactly(1, Double.NaN);
  }

  @Test
  void aFewBinsAreStillFineWhereTheScoresAre() {
    List<ExactMetrics.Row> rows = rows(20_000, 1, -7, 0);
    double[] exact = exact(rows, 0);
    assertThat(areas(histogram(256, rows), 0)[0]).isCloseTo(exact[0], within(0.01));
    assertThat(areas(histogram(256, rows), 0)[1]).isCloseTo(exact[1], within(1e-3));
  }

  @Test
  void theOrderOfRowsChangesNothing() {
    List<ExactMetrics.Row> rows =
        new ArrayList<>(
            rows(2000, 3, 0, 0).stream()
                .map(r -> new ExactMetrics.Row(r.label(), 1, r.scores()))
                .toList());
    ScoreHistogram first = histogram(256, rows);
    Collections.shuffle(rows, new Random(1));
    ScoreHistogram second = histogram(256, rows);
    for (int curve = 0; curve < 3; curve++) {
      assertThat(second.own(curve)).isEqualTo(first.own(curve)).hasSizeBetween(128, 256);
      assertThat(second.others(curve)).isEqualTo(first.others(curve));
    }
  }

  @Test
  void manyCurvesHaveFewerBins() {
    ScoreHistogram many = new ScoreHistogram(ScoreHistogram.MOST_CURVES);
    ScoreHistogram one = new ScoreHistogram(1);
    for (int i = 0; i < 100_000; i++) {
      many.add(i % ScoreHistogram.MOST_CURVES, Math.sin(i), true, 1);
      one.add(0, Math.sin(i), true, 1);
    }
    assertThat(many.own(17)).hasSizeBetween(128, 256);
    assertThat(one.own(0)).hasSizeBetween(1 << 13, 1 << 14);
  }

  @Test
  void infiniteScoresLieAtTheEndsAndOnesThatAreNoNumberAreTold() {
    ScoreHistogram histogram = new ScoreHistogram(1);
    histogram.add(0, Double.POSITIVE_INFINITY, true, 1);
    histogram.add(0, Double.NEGATIVE_INFINITY, false, 1);
    histogram.add(0, 0, false, 1);
    assertThat(areas(histogram, 0)).containsExactly(1, 1);
    assertThat(histogram.hasUndefined()).isFalse();
    histogram.add(0, Double.NaN, true, 1);
    assertThat(histogram.hasUndefined()).isTrue();
  }

  /** Each rank has scores of another size, and one has none. */
  @Test
  void ranksMakeTheHistogramThatOneWouldMake() {
    List<ExactMetrics.Row> all = new ArrayList<>();
    List<List<ExactMetrics.Row>> ofRanks =
        List.of(rows(700, 0.01, -2, 0), List.of(), rows(900, 2, 1, 0), rows(5, 1e-5, 0, 0));
    ofRanks.forEach(all::addAll);
    ScoreHistogram expected = histogram(1 << 10, all);
    LocalGroup group = LocalGroup.of(4, Duration.ofSeconds(30));
    List<Collective> ranks = IntStream.range(0, 4).mapToObj(group::member).toList();
    List<ScoreHistogram> found =
        Ranks.run(
            ranks,
            c -> {
              try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                ScoreHistogram own = histogram(1 << 10, ofRanks.get(c.rank()));
                own.merge(new RankTotals(new TensorCollective(c), manager, 1000));
                return own;
              }
            });
    ranks.forEach(Collective::close);
    for (int curve = 0; curve < 3; curve++) {
      assertThat(found.get(2).own(curve)).containsExactly(expected.own(curve), within(1e-5));
      assertThat(found.get(1).others(curve))
          .isEqualTo(found.get(0).others(curve))
          .containsExactly(expected.others(curve), within(1e-5));
    }
  }

  @Test
  void whatOneRankCannotScoreAllKnow() {
    LocalGroup group = LocalGroup.of(2, Duration.ofSeconds(30));
    List<Collective> ranks = IntStream.range(0, 2).mapToObj(group::member).toList();
    List<Boolean> found =
        Ranks.run(
            ranks,
            c -> {
              try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                ScoreHistogram own = new ScoreHistogram(1);
                own.add(0, c.rank() == 0 ? Double.NaN : 1, true, 1);
                own.merge(new RankTotals(new TensorCollective(c), manager));
                return own.hasUndefined();
              }
            });
    ranks.forEach(Collective::close);
    assertThat(found).containsExactly(true, true);
  }
}
