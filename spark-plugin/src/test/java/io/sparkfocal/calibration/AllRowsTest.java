package io.sparkfocal.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found over all rows of all ranks, beside what is found by looking at all at once. */
@Timeout(120)
class AllRowsTest {

  private static ValidationScores rows(long seed, int count, int classes, double rare) {
    Random random = new Random(seed);
    int[] labels = new int[count];
    double[][] raw = new double[count][classes];
    double[] weights = new double[count];
    for (int row = 0; row < count; row++) {
      labels[row] = random.nextDouble() < rare ? 1 + random.nextInt(classes - 1) : 0;
      weights[row] = (float) (0.5 + random.nextDouble());
      for (int c = 0; c < classes; c++) {
        raw[row][c] = (float) (random.nextGaussian() + (c == labels[row] ? 1.5 : 0));
      }
    }
    return new ValidationScores(labels, raw, weights);
  }

  /** Threads that tell each other of their rows. */
  private static final class Meeting {

    private final CyclicBarrier barrier;
    private final Object[] told;

    Meeting(int ranks) {
      barrier = new CyclicBarrier(ranks);
      told = new Object[ranks];
    }

    private Object[] tell(int rank, Object own) {
      try {
        told[rank] = own;
        barrier.await();
        Object[] all = told.clone();
        barrier.await();
        return all;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    ScoredRows rank(int rank, ScoredRows rows) {
      return new ScoredRows() {
        @Override
        public void forEach(Visitor visitor) {
          rows.forEach(visitor);
        }

        @Override
        public double[] merge(double[] own, DoubleBinaryOperator operator) {
          double[] all = null;
          for (Object other : tell(rank, own.clone())) {
            double[] values = (double[]) other;
            if (all == null) {
              all = values.clone();
            } else {
              for (int i = 0; i < all.length; i++) {
                all[i] = operator.applyAsDouble(all[i], values[i]);
              }
            }
          }
          return Objects.requireNonNull(all);
        }

        @Override
        public float[] gather(float[] own) {
          Object[] all = tell(rank, own);
          float[] result = new float[0];
          for (Object part : all) {
            float[] values = (float[]) part;
            int length = result.length;
            result = Arrays.copyOf(result, length + values.length);
            System.arraycopy(values, 0, result, length, values.length);
          }
          return result;
        }
      };
    }
  }

  /** Row i on rank i % ranks, but for the last rank, which has none where there are several. */
  private static List<Calibrated> calibrated(CalibrationGoal goal, ValidationScores all, int ranks)
      throws Exception {
    long[] some = new long[all.classes()];
    Arrays.fill(some, 1);
    Meeting meeting = new Meeting(ranks);
    ExecutorService threads = Executors.newFixedThreadPool(ranks);
    try {
      List<Future<Calibrated>> futures = new ArrayList<>();
      for (int rank = 0; rank < ranks; rank++) {
        int own = rank;
        int used = Math.max(1, ranks - 1);
        int[] numbers = IntStream.range(0, all.rows()).filter(i -> i % used == own).toArray();
        ValidationScores rows =
            new ValidationScores(
                Arrays.stream(numbers).map(i -> all.labels()[i]).toArray(),
                Arrays.stream(numbers).mapToObj(i -> all.raw()[i]).toArray(double[][]::new),
                Arrays.stream(numbers).mapToDouble(i -> all.weights()[i]).toArray());
        futures.add(threads.submit(() -> goal.reach(meeting.rank(own, rows), some)));
      }
      List<Calibrated> results = new ArrayList<>();
      for (Future<Calibrated> future : futures) {
        results.add(future.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  private static CalibrationGoal goal(String tuning) {
    return new CalibrationGoal(LogitLink.plain(false), true, ThresholdTuning.parse(tuning));
  }

  @ParameterizedTest
  @CsvSource({"f1, 2", "recall=0.9, 2", "f1, 5", "recall=0.9, 5", "f1, 40", "recall=0.7, 40"})
  void everyRankFindsWhatOneFinds(String tuning, int classes) throws Exception {
    ValidationScores all = rows(classes, 6000, classes, 0.4);
    Calibrated one = calibrated(goal(tuning), all, 1).get(0);
    for (Calibrated other : calibrated(goal(tuning), all, 4)) {
      assertThat(other.temperature()).isCloseTo(one.temperature(), within(1e-9));
      assertThat(other.thresholds()).containsExactly(one.thresholds(), within(1e-8));
      CalibrationReport report = Objects.requireNonNull(other.report());
      CalibrationReport expected = Objects.requireNonNull(one.report());
      assertThat(report.rows()).isEqualTo(6000);
      assertThat(report.negativeLogLikelihood())
          .isCloseTo(expected.negativeLogLikelihood(), within(1e-9));
      assertThat(report.balancedLogLikelihood())
          .isCloseTo(expected.balancedLogLikelihood(), within(1e-9));
      assertThat(report.expectedCalibrationError())
          .isCloseTo(expected.expectedCalibrationError(), within(1e-9));
    }
  }

  /** By bisection, as far as doubles go. */
  private static double temperature(ValidationScores rows) {
    double low = 0.01;
    double high = 100;
    while (high - low > 1e-12 * high) {
      double middle = (low + high) / 2;
      double slope = 0;
      for (int row = 0; row < rows.rows(); row++) {
        double[] p = rows.probabilities(row, 1 / middle);
        for (int c = 0; c < p.length; c++) {
          double target = c == rows.labels()[row] ? 1 : 0;
          slope += rows.weights()[row] * (p[c] - target) * rows.raw()[row][c];
        }
      }
      if (slope > 0) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return 1 / low;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.001, 0.02, 0.3, 1, 5, 80, 2000})
  void theTemperatureIsThatOfBisectionInFewPasses(double scale) {
    ValidationScores plain = rows(3, 500, 3, 0.5);
    double[][] raw =
        Arrays.stream(plain.raw())
            .map(row -> Arrays.stream(row).map(z -> scale * z).toArray())
            .toArray(double[][]::new);
    ValidationScores scaled = new ValidationScores(plain.labels(), raw, plain.weights());
    int[] passes = {0};
    ScoredRows counted =
        visitor -> {
          passes[0]++;
          scaled.forEach(visitor);
        };
    double expected = temperature(scaled);
    assertThat(TemperatureScaling.fit(counted)).isCloseTo(expected, within(1e-6 * expected));
    assertThat(passes[0]).isLessThanOrEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void tenRowsOfAClassAmongTwentyThousandAllCount(long seed) {
    Random random = new Random(seed);
    int count = 20_000;
    int[] labels = new int[count];
    double[][] raw = new double[count][2];
    double[] ones = new double[count];
    Arrays.fill(ones, 1);
    for (int row = 0; row < count; row++) {
      labels[row] = row % 2000 == 7 ? 1 : 0;
      raw[row][1] = (float) (2 * random.nextGaussian() + 2 * labels[row] - 4);
    }
    ValidationScores rows = new ValidationScores(labels, raw, ones);
    double[] thresholds = rows.thresholds("recall=0.9", 1);
    double[] odds =
        IntStream.range(0, count)
            .filter(row -> labels[row] == 1)
            .mapToDouble(row -> raw[row][1])
            .sorted()
            .toArray();
    double cut = Math.log(thresholds[1] / thresholds[0]);
    // Nine of ten, and no row of the others lies between the cut and the ninth.
    assertThat(cut).isBetween(odds[0], odds[1]);
    assertThat(Arrays.stream(raw).noneMatch(row -> row[1] > cut && row[1] < odds[1])).isTrue();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.95, 1})
  void eachOfManyClassesHasItsRecallAgainstTheRest(double wanted) {
    ValidationScores rows = rows(11, 4000, 7, 0.3);
    double[] thresholds = rows.thresholds("recall=" + wanted, 1);
    for (int c = 0; c < 7; c++) {
      double all = 0;
      double found = 0;
      double lowest = 1;
      double lowestWeight = 0;
      for (int row = 0; row < rows.rows(); row++) {
        double p = rows.probabilities(row, 1)[c];
        double weight = rows.labels()[row] == c ? rows.weights()[row] : 0;
        all += weight;
        found += p > thresholds[c] ? weight : 0;
        if (weight > 0 && p > thresholds[c] && p < lowest) {
          lowest = p;
          lowestWeight = weight;
        }
      }
      assertThat(found).isGreaterThanOrEqualTo((wanted - 1e-9) * all);
      assertThat(found - lowestWeight).isLessThan(wanted * all);
    }
  }

  @Test
  void theBestCutIsThatOfAllCuts() {
    for (long seed = 0; seed < 20; seed++) {
      ValidationScores rows = rows(seed, 1500, 2, 0.05 + 0.02 * seed);
      double best = 0;
      for (double[] z : rows.raw()) {
        double odds = Math.exp(z[1] - z[0]) * (1 - 1e-7);
        best = Math.max(best, rows.macroF1(new double[] {1, odds}));
      }
      assertThat(rows.macroF1(rows.thresholds("f1", 1))).isCloseTo(best, within(1e-9));
    }
  }

  /** The sample is smaller than the rows, which count all the same in the end. */
  @ParameterizedTest
  @ValueSource(ints = {3, 50})
  void f1OfMoreRowsThanTheSampleIsNotWorseThanWithoutThresholds(int classes) {
    ValidationScores rows = rows(5, 200_000, classes, 0.1);
    double[] none = new double[classes];
    Arrays.fill(none, 1);
    double[] tuned = rows.thresholds("f1", 1);
    assertThat(rows.macroF1(tuned)).isGreaterThan(rows.macroF1(none));
    assertThat(Arrays.stream(tuned).max().orElseThrow()).isEqualTo(1);
  }

  @Test
  void allRowsOfRareClassesAreInTheSampleAndTheOthersCountForThoseLeftOut() {
    ValidationScores rows = rows(6, 600_000, 4, 0.01);
    boolean[] known = {true, true, true, true};
    RowSample sample =
        RowSample.of(rows, 1, ClassTotals.of(rows, 4, 1), known, new double[] {1, 1, 1, 1});
    double[] found = new double[4];
    double[] expected = new double[4];
    int[] drawn = new int[4];
    int[] there = new int[4];
    for (int row = 0; row < sample.rows(); row++) {
      found[sample.labels()[row]] += sample.weights()[row];
      drawn[sample.labels()[row]]++;
    }
    for (int row = 0; row < rows.rows(); row++) {
      expected[rows.labels()[row]] += rows.weights()[row];
      there[rows.labels()[row]]++;
    }
    assertThat(sample.rows()).isLessThanOrEqualTo(RowSample.MOST_SLOTS / 4 + 4);
    for (int c = 1; c < 4; c++) {
      assertThat(drawn[c]).isEqualTo(there[c]);
      assertThat(found[c]).isCloseTo(expected[c], within(1e-3 * expected[c]));
    }
    assertThat(found[0]).isCloseTo(expected[0], within(0.01 * expected[0]));
  }

  /** Made as they are looked at, as those of a network. */
  private static ScoredRows madeUp(int count, int classes) {
    return visitor -> {
      Random random = new Random(1);
      double[] scores = new double[classes];
      for (int row = 0; row < count; row++) {
        int label = Math.min(random.nextInt(classes), random.nextInt(classes));
        for (int c = 0; c < classes; c++) {
          scores[c] = 4 * random.nextFloat() - 0.002 * c;
        }
        scores[label] += 2;
        visitor.row(label, 1, scores);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"f1", "recall=0.9"})
  void aThousandClassesTakeSeconds(String tuning) {
    long[] some = new long[1000];
    Arrays.fill(some, 1);
    Calibrated found =
        new CalibrationGoal(LogitLink.plain(false), false, ThresholdTuning.parse(tuning))
            .reach(madeUp(40_000, 1000), some);
    assertThat(found.thresholds()).hasSize(1000);
    assertThat(Arrays.stream(found.thresholds()).allMatch(t -> t > 0 && t <= 1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"f1", "recall=0.9"})
  void aHundredThousandClassesHaveThresholds(String tuning) {
    long[] some = new long[100_000];
    Arrays.fill(some, 1);
    Calibrated found =
        new CalibrationGoal(LogitLink.plain(false), false, ThresholdTuning.parse(tuning))
            .reach(madeUp(60, 100_000), some);
    assertThat(found.thresholds()).hasSize(100_000);
  }

  @Test
  void scoresThatAreNotFiniteEndTheCalibration() {
    ValidationScores rows =
        new ValidationScores(
            new int[] {0, 1}, new double[][] {{0, Double.NaN}, {0, 1}}, new double[] {1, 1});
    assertThatThrownBy(() -> goal("none").reach(rows, 1, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The scores of a validation row are not finite; lower learningRate.");
  }
}
