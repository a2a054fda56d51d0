package io.sparkfocal.train;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Weights of rows by score, for several curves at once, in bins as fine as there is room for.
 *
 * <p>Scores are squeezed by a logarithm, so that a few far ones leave bins for the others, and the
 * edges of bins are multiples of a power of two: the smallest at which the bins reach from the
 * lowest score to the highest of all curves. Where they reach no more, two bins become one. So the
 * bins are a function of the rows alone, in whatever order they come and on whichever rank they
 * are.
 */
final class ScoreHistogram {

  /** As many curves as there may be. */
  static final int MOST_CURVES = 1 << 12;

  /** Bins of all curves, of 16 bytes. */
  private static final int ALL_BINS = 1 << 20;

  private static final int MOST_BINS = 1 << 14;

  /** Bins are about as wide for all scores below this, and wider as scores are larger. */
  private static final double EVEN = 4;

  /** Leaves 2^24 places for each doubling, about as near to each other as float32 can tell. */
  private static final int BITS_LEFT_OUT = 28;

  /** Of scores of 10^10; larger ones are ties. */
  private static final long LAST_PLACE = (1 << 29) - 1;

  private static final long BITS_OF_ONE = Double.doubleToRawLongBits(1);

  /** Written behind the last bin. */
  private static final int END = -1;

  private final int bins;

  /** Curve by curve; a bin lies where its number, modulo the bins of a curve, says. */
  private double[] own;

  private double[] others;

  /** Power of two of the places in a bin. */
  private int level;

  private int lowest = Integer.MAX_VALUE;
  private int highest = Integer.MIN_VALUE;
  private boolean hasUndefined;

  /** Without rows, for at most {@link #MOST_CURVES} curves, with 256 to 16,384 bins for each. */
  ScoreHistogram(int curves) {
    this(curves, Math.min(MOST_BINS, Integer.highestOneBit(ALL_BINS / curves)));
  }

  /** As above, with so many bins for each, a power of two. */
  ScoreHistogram(int curves, int bins) {
    this.bins = bins;
    this.own = new double[curves * bins];
    this.others = new double[curves * bins];
  }

  /**
   * Adds a row to a curve.
   *
   * @param isOwn whether it is to be found by its score
   */
  void add(int curve, double score, boolean isOwn, double weight) {
    if (Double.isNaN(score)) {
      hasUndefined = true;
      return;
    }
    int place = place(score);
    reach(place, place);
    double[] weights = isOwn ? own : others;
    weights[curve * bins + ((place >> level) & (bins - 1))] += weight;
  }

  /** The bits of a float64 are its binary logarithm, with straight lines between powers of two. */
  private static int place(double score) {
    long bits = Double.doubleToRawLongBits(1 + Math.abs(score) / EVEN);
    int place = (int) Math.min(LAST_PLACE, (bits - BITS_OF_ONE) >> BITS_LEFT_OUT);
    return score < 0 ? -1 - place : place;
  }

  /** Makes bins as wide as it takes. */
  private void reach(int from, int to) {
    int low = Math.min(lowest, from);
    int high = Math.max(highest, to);
    int wider = level;
    while ((high >> wider) - (low >> wider) >= bins) {
      wider++;
    }
    if (wider > level) {
      widen(own, wider - level);
      widen(others, wider - level);
      level = wider;
    }
    lowest = low;
    highest = high;
  }

  private void widen(double[] weights, int levels) {
    double[] wide = new double[bins];
    for (int first = 0; first < weights.length; first += bins) {
      Arrays.fill(wide, 0);
      for (int bin = lowest >> level; bin <= highest >> level; bin++) {
        wide[(bin >> levels) & (bins - 1)] += weights[first + (bin & (bins - 1))];
      }
      System.arraycopy(wide, 0, weights, first, bins);
    }
  }

  /** Adds the rows of the other ranks, which all call this at the same place. */
  void merge(RankTotals ranks) {
    for (int[] range : ranks.gather(lowest, highest, hasUndefined ? 1 : 0)) {
      if (range[0] <= range[1]) {
        reach(range[0], range[1]);
      }
      hasUndefined |= range[2] == 1;
    }
    own = ranks.sum(own);
    others = ranks.sum(others);
  }

  /** Writes the bins that have rows, for {@link #add(DataInput)}. */
  void write(DataOutput to) throws IOException {
    to.writeBoolean(hasUndefined);
    to.writeInt(lowest);
    to.writeInt(highest);
    to.writeInt(level);
    for (int first = 0; first < own.length && lowest <= highest; first += bins) {
      for (int bin = lowest >> level; bin <= highest >> level; bin++) {
        int at = first + (bin & (bins - 1));
        if (own[at] != 0 || others[at] != 0) {
          to.writeInt(first);
          to.writeInt(bin);
          to.writeDouble(own[at]);
          to.writeDouble(others[at]);
        }
      }
    }
    to.writeInt(END);
  }

  /** Adds the rows of a histogram of as many curves and bins, as it was written. */
  void add(DataInput written) throws IOException {
    hasUndefined |= written.readBoolean();
    int from = written.readInt();
    int to = written.readInt();
    int itsLevel = written.readInt();
    if (from <= to) {
      reach(from, to);
    }
    for (int first = written.readInt(); first != END; first = written.readInt()) {
      int at = first + ((written.readInt() >> (level - itsLevel)) & (bins - 1));
      own[at] += written.readDouble();
      others[at] += written.readDouble();
    }
  }

  /** Whether a score was no number. */
  boolean hasUndefined() {
    return hasUndefined;
  }

  /** Weights of the rows of a curve that are to be found, by ascending scores. */
  double[] own(int curve) {
    return ascending(own, curve);
  }

  /** Weights of the other rows, in the same bins. */
  double[] others(int curve) {
    return ascending(others, curve);
  }

  private double[] ascending(double[] weights, int curve) {
    if (lowest > highest) {
      return new double[0];
    }
    int low = lowest >> level;
    double[] ordered = new double[(highest >> level) - low + 1];
    for (int i = 0; i < ordered.length; i++) {
      ordered[i] = weights[curve * bins + ((low + i) & (bins - 1))];
    }
    return ordered;
  }
}
