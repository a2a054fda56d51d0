package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Weighted mean and spread of every feature over the training rows of one or several ranks.
 *
 * @param weight sum of the rows' weights
 * @param means weighted mean of each feature
 * @param squares weighted sum of squared deviations from the mean, of each feature
 */
public record FeatureStatistics(double weight, double[] means, double[] squares) {

  /** Over the given rows, in their order, in two passes of doubles. */
  static FeatureStatistics of(RowStore rows, int[] order) {
    int width = rows.width();
    double[] means = new double[width];
    double[] squares = new double[width];
    double weight = 0;
    for (int row : order) {
      weight += rows.weight(row);
      for (int i = 0; i < width; i++) {
        means[i] += (double) rows.weight(row) * rows.feature(row, i);
      }
    }
    for (int i = 0; i < width; i++) {
      means[i] = weight > 0 ? means[i] / weight : 0;
    }
    for (int row : order) {
      for (int i = 0; i < width; i++) {
        double deviation = rows.feature(row, i) - means[i];
        squares[i] += rows.weight(row) * deviation * deviation;
      }
    }
    return new FeatureStatistics(weight, means, squares);
  }

  /** Of all ranks together, merged in the order given (Chan, Golub and LeVeque 1979). */
  public static FeatureStatistics merge(List<FeatureStatistics> parts) {
    int width = parts.isEmpty() ? 0 : parts.get(0).means.length;
    double weight = 0;
    double[] means = new double[width];
    double[] squares = new double[width];
    for (FeatureStatistics part : parts) {
      if (part.weight == 0) {
        continue;
      }
      double sum = weight + part.weight;
      for (int i = 0; i < width; i++) {
        double delta = part.means[i] - means[i];
        means[i] += delta * part.weight / sum;
        squares[i] += part.squares[i] + delta * delta * weight * part.weight / sum;
      }
      weight = sum;
    }
    return new FeatureStatistics(weight, means, squares);
  }

  /** The standardization that gives every feature mean 0 and deviation 1. */
  public Standardization standardization() {
    double[] scales = new double[means.length];
    for (int i = 0; i < scales.length; i++) {
      double deviation = weight > 0 ? Math.sqrt(squares[i] / weight) : 0;
      // A deviation of rounding errors only is none.
      scales[i] = deviation > 1e-12 * Math.abs(means[i]) ? 1 / deviation : 0;
    }
    return new Standardization(means, scales);
  }

  /** As bytes, exactly. */
  public byte[] encode() {
    ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * (1 + 2 * means.length));
    bytes.putDouble(weight);
    bytes.asDoubleBuffer().put(means).put(squares);
    return bytes.array();
  }

  /** From the bytes of {@link #encode}. */
  public static FeatureStatistics decode(byte[] encoded) {
    ByteBuffer bytes = ByteBuffer.wrap(encoded);
    double weight = bytes.getDouble();
    int width = bytes.remaining() / Double.BYTES / 2;
    double[] means = new double[width];
    double[] squares = new double[width];
    bytes.asDoubleBuffer().get(means).get(squares);
    return new FeatureStatistics(weight, means, squares);
  }
}
