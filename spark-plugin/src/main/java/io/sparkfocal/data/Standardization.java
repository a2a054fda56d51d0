package io.sparkfocal.data;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Shift and scale of every feature: (x - mean) scale.
 *
 * @param means what is subtracted
 * @param scales factors; 0 for a feature that never varied
 * @param exact features whose values float32 does not hold, so that they are not narrowed before
 *     the mean is subtracted
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Standardization(double[] means, double[] scales, boolean[] exact)
    implements FeatureEncoding {

  /** Of features that float32 holds. */
  public Standardization(double[] means, double[] scales) {
    this(means, scales, new boolean[means.length]);
  }

  /**
   * The same with other exact features.
   *
   * @param indices of these
   */
  public Standardization withExact(double... indices) {
    boolean[] marks = new boolean[means.length];
    for (double index : indices) {
      marks[(int) index] = true;
    }
    return new Standardization(means, scales, marks);
  }

  /** Indices of the exact features, ascending. */
  public double[] exactIndices() {
    return IntStream.range(0, exact.length).filter(i -> exact[i]).asDoubleStream().toArray();
  }

  @Override
  public int features() {
    return means.length;
  }

  @Override
  public int inputs() {
    return means.length;
  }

  @Override
  public float[] typicalInputs() {
    return new float[means.length];
  }

  @Override
  public FeatureReader reader(FeatureLayout layout, boolean keeps) {
    return new RowFeatures(layout, this)::read;
  }

  @Override
  public FeatureReader vectorReader(boolean keeps) {
    return reader(FeatureLayout.ofVector(), keeps);
  }

  /** Leaves features as they are. */
  public static Standardization none(int width) {
    double[] scales = new double[width];
    Arrays.fill(scales, 1);
    return new Standardization(new double[width], scales);
  }

  /** The {@code index}-th feature, standardized. */
  public float apply(double value, int index) {
    return (float) (((exact[index] ? value : (float) value) - means[index]) * scales[index]);
  }

  /** In one array: means, scales, 1 for exact features and 0 for others. */
  public double[] toArray() {
    double[] all = Arrays.copyOf(means, 3 * means.length);
    System.arraycopy(scales, 0, all, means.length, means.length);
    for (int i = 0; i < means.length; i++) {
      all[2 * means.length + i] = exact[i] ? 1 : 0;
    }
    return all;
  }

  /** From what {@link #toArray} gave. */
  public static Standardization of(double[] all) {
    int width = all.length / 3;
    boolean[] exact = new boolean[width];
    for (int i = 0; i < width; i++) {
      exact[i] = all[2 * width + i] != 0;
    }
    return new Standardization(
        Arrays.copyOf(all, width), Arrays.copyOfRange(all, width, 2 * width), exact);
  }

  /** Standardizes the first {@code width} features in place. */
  void apply(float[] values, int width) {
    for (int i = 0; i < width; i++) {
      values[i] = (float) ((values[i] - means[i]) * scales[i]);
    }
  }

  /** The {@code index}-th feature, given in two parts. */
  float apply(float high, float low, int index) {
    return (float) (((double) high + low - means[index]) * scales[index]);
  }

  /** What a feature of value 0 becomes. */
  float ofZero(int index) {
    return (float) (-means[index] * scales[index]) + 0.0f;
  }
}
