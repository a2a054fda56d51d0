package io.sparkfocal.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One number of each row of a rank, as often as it is asked for: kept where {@value #MOST_KEPT}
 * rows are enough, else computed again.
 */
final class RowNumbers {

  private static final int MOST_KEPT = 1_000_000;
  private static final int CHUNK = 1 << 14;

  private final ScoredRows rows;
  private final Measure measure;
  private final List<Chunk> kept = new ArrayList<>();
  private long seen;
  private boolean isKept;

  RowNumbers(ScoredRows rows, Measure measure) {
    this.rows = rows;
    this.measure = measure;
  }

  /** What is looked at. */
  @FunctionalInterface
  interface Measure {
    double of(int label, double[] scores);
  }

  /** What sees it. */
  @FunctionalInterface
  interface Visitor {
    void row(int label, double weight, double value);
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Chunk(int[] labels, double[] weights, double[] values) {}

  /** Ranks that wait, and the order in which ranks tell each other things, are left alone. */
  void forEach(Visitor visitor) {
    if (isKept) {
      long left = seen;
      for (Chunk chunk : kept) {
        rows.working();
        for (int i = 0; i < Math.min(left, CHUNK); i++) {
          visitor.row(chunk.labels[i], chunk.weights[i], chunk.values[i]);
        }
        left -= CHUNK;
      }
      return;
    }
    seen = 0;
    rows.forEach(
        (label, weight, scores) -> {
          double value = measure.of(label, scores);
          keep(label, weight, value);
          visitor.row(label, weight, value);
        });
    isKept = seen <= MOST_KEPT;
  }

  private void keep(int label, double weight, double value) {
    int place = (int) (seen++ % CHUNK);
    if (seen > MOST_KEPT) {
      kept.clear();
      return;
    }
    if (place == 0) {
      kept.add(new Chunk(new int[CHUNK], new double[CHUNK], new double[CHUNK]));
    }
    Chunk last = kept.get(kept.size() - 1);
    last.labels[place] = label;
    last.weights[place] = weight;
    last.values[place] = value;
  }

  /** Two neighbouring values of each group: those on both sides of a cut. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Neighbours(double[] above, double[] below) {

    /** None so far: infinite on each side. */
    static Neighbours of(int groups) {
      double[] above = new double[groups];
      double[] below = new double[groups];
      Arrays.fill(above, Double.POSITIVE_INFINITY);
      Arrays.fill(below, Double.NEGATIVE_INFINITY);
      return new Neighbours(above, below);
    }

    void add(int group, double value, boolean isAbove) {
      if (isAbove) {
        above[group] = Math.min(above[group], value);
      } else {
        below[group] = Math.max(below[group], value);
      }
    }

    /** Over all ranks. */
    Neighbours merge(ScoredRows rows) {
      return new Neighbours(rows.merge(above, Math::min), rows.merge(below, Math::max));
    }
  }
}
