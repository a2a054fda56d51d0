package io.sparkfocal.data;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
import java.nio.ByteBuffer;

/**
 * Weighted mean and spread of every feature over training rows, and what else decides how it is
 * standardized; merged block by block and rank by rank (Chan, Golub and LeVeque 1979).
 */
final class FeatureStatistics {

  /** Of one feature, as bytes: mean, squares, rows in which it is not 0, whether it is exact. */
  private static final int BYTES = 2 * Double.BYTES + Long.BYTES + 1;

  /** What all ranks together send at once. */
  private static final int MOST_BYTES = 16 << 20;

  /** In a sparse input, a feature that is 0 more often than in 7 of 8 rows is not centred. */
  private static final double CENTRED = 0.125;

  /** A deviation below this share of the mean comes from rounding in float64. */
  private static final double ROUNDING = 1e-14;

  private final int width;
  private final double[] means;
  private final double[] squares;
  private final long[] nonZeros;
  private final boolean[] exact;
  private long rows;
  private double weight;

  /** Of no rows yet. */
  FeatureStatistics(int width) {
    this.width = width;
    this.means = new double[width];
    this.squares = new double[width];
    this.nonZeros = new long[width];
    this.exact = new boolean[width];
  }

  /** Adds the rows of a shard, slice by slice. */
  void add(ShardRows shard) {
    for (BlockSlice slice : shard.slices()) {
      add(shard.block(slice), slice.from(), slice.to());
    }
  }

  /** Adds rows of a block. */
  void add(RowBlock block, int from, int to) {
    OneBlock part = new OneBlock(block, from, to);
    merge(part.weight, part.means, part.squares);
    for (int i = 0; i < width; i++) {
      nonZeros[i] += part.nonZeros[i];
      exact[i] |= part.exact[i];
    }
    rows += to - from;
  }

  private void merge(double otherWeight, double[] otherMeans, double[] otherSquares) {
    if (otherWeight == 0) {
      return;
    }
    double sum = weight + otherWeight;
    double share = otherWeight / sum;
    double both = weight * otherWeight / sum;
    for (int i = 0; i < width; i++) {
      double delta = otherMeans[i] - means[i];
      means[i] += delta * share;
      squares[i] += otherSquares[i] + delta * delta * both;
    }
    weight = sum;
  }

  /**
   * Merges those of all ranks, in the order of their numbers, some features at a time.
   *
   * @return the same on every rank
   */
  FeatureStatistics overRanks(TensorCollective ranks, NDManager manager) {
    if (ranks.world() == 1) {
      return this;
    }
    FeatureStatistics all = new FeatureStatistics(width);
    int most = Math.max(1, MOST_BYTES / BYTES / ranks.world());
    for (int first = 0; first < width; first += most) {
      int end = Math.min(width, first + most);
      double weightOfAll = 0;
      long rowsOfAll = 0;
      for (byte[] encoded : ranks.allGather(encode(first, end), manager)) {
        ByteBuffer bytes = ByteBuffer.wrap(encoded);
        double ofRank = bytes.getDouble();
        rowsOfAll += bytes.getLong();
        all.merge(weightOfAll, ofRank, bytes, first, end);
        weightOfAll += ofRank;
      }
      all.weight = weightOfAll;
      all.rows = rowsOfAll;
    }
    return all;
  }

  private byte[] encode(int first, int end) {
    ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES + Long.BYTES + BYTES * (end - first));
    bytes.putDouble(weight).putLong(rows);
    for (int i = first; i < end; i++) {
      bytes.putDouble(means[i]).putDouble(squares[i]).putLong(nonZeros[i]);
      bytes.put((byte) (exact[i] ? 1 : 0));
    }
    return bytes.array();
  }

  private void merge(double before, double ofRank, ByteBuffer bytes, int first, int end) {
    double sum = before + ofRank;
    for (int i = first; i < end; i++) {
      double delta = bytes.getDouble() - means[i];
      double squaresOfRank = bytes.getDouble();
      nonZeros[i] += bytes.getLong();
      exact[i] |= bytes.get() != 0;
      if (ofRank > 0) {
        means[i] += delta * ofRank / sum;
        squares[i] += squaresOfRank + delta * delta * before * ofRank / sum;
      }
    }
  }

  /**
   * The standardization that gives every feature the deviation 1 and, if it is centred, the mean 0.
   *
   * @param sparse whether features that are mostly 0 stay 0 there
   */
  Standardization standardization(boolean sparse) {
    double[] shifts = means.clone();
    double[] scales = new double[width];
    for (int i = 0; i < width; i++) {
      double deviation = weight > 0 ? Math.sqrt(squares[i] / weight) : 0;
      scales[i] = deviation > ROUNDING * Math.abs(means[i]) ? 1 / deviation : 0;
      if (sparse && nonZeros[i] < CENTRED * rows) {
        shifts[i] = 0;
      }
    }
    return new Standardization(shifts, scales, exact.clone());
  }

  /** In two passes of doubles. */
  private static final class OneBlock {

    private final RowBlock block;
    private final double[] means;
    private final double[] squares;
    private final long[] nonZeros;
    private final boolean[] exact;
    private final float[] values;
    private final int[] indices;
    private final double[] row;
    private double weight;

    OneBlock(RowBlock block, int from, int to) {
      int width = block.width();
      this.block = block;
      this.means = new double[width];
      this.squares = new double[width];
      this.nonZeros = new long[width];
      this.exact = new boolean[width];
      this.values = new float[width];
      this.row = new double[width];
      this.indices = new int[block.isSparse() ? width : 0];
      for (int column : block.lowColumns()) {
        exact[column] = true;
      }
      if (block.isSparse()) {
        addSparse(from, to);
      } else {
        addDense(from, to);
      }
    }

    private void addDense(int from, int to) {
      // Large numbers lose little of their differences if one of them is subtracted first.
      double[] first = new double[row.length];
      if (from < to) {
        read(from);
        System.arraycopy(row, 0, first, 0, row.length);
      }
      for (int r = from; r < to; r++) {
        double w = block.weight(r);
        read(r);
        weight += w;
        for (int i = 0; i < row.length; i++) {
          means[i] += w * (row[i] - first[i]);
        }
      }
      divideMeans();
      for (int i = 0; i < row.length; i++) {
        means[i] += first[i];
      }
      boolean counts = FeatureValues.isWide(row.length);
      for (int r = from; r < to; r++) {
        double w = block.weight(r);
        read(r);
        for (int i = 0; i < row.length; i++) {
          double deviation = row[i] - means[i];
          squares[i] += w * deviation * deviation;
        }
        for (int i = 0; counts && i < row.length; i++) {
          nonZeros[i] += row[i] == 0 ? 0 : 1;
        }
      }
    }

    private void addSparse(int from, int to) {
      for (int r = from; r < to; r++) {
        double w = block.weight(r);
        weight += w;
        int stored = read(r);
        for (int i = 0; i < stored; i++) {
          means[indices[i]] += w * row[i];
          nonZeros[indices[i]] += row[i] == 0 ? 0 : 1;
        }
      }
      divideMeans();
      double[] weights = new double[means.length];
      for (int r = from; r < to; r++) {
        double w = block.weight(r);
        int stored = read(r);
        for (int i = 0; i < stored; i++) {
          double deviation = row[i] - means[indices[i]];
          squares[indices[i]] += w * deviation * deviation;
          weights[indices[i]] += w;
        }
      }
      for (int i = 0; i < means.length; i++) {
        squares[i] += (weight - weights[i]) * means[i] * means[i];
      }
    }

    private void divideMeans() {
      for (int i = 0; i < means.length; i++) {
        means[i] = weight > 0 ? means[i] / weight : 0;
      }
    }

    private int read(int r) {
      int stored = block.stored(r);
      block.values(r, values);
      for (int i = 0; i < stored; i++) {
        row[i] = values[i];
      }
      if (block.isSparse()) {
        block.indices(r, indices);
        for (int i = 0; block.hasLow() && i < stored; i++) {
          row[i] += block.lowOfStored(r, i);
        }
      } else {
        int[] columns = block.lowColumns();
        for (int i = 0; i < columns.length; i++) {
          row[columns[i]] += block.low(r, i);
        }
      }
      return stored;
    }
  }
}
