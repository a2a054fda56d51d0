package io.sparkfocal.data;

import java.io.Serializable;

/**
 * Shift and scale of every feature: (x - mean) scale.
 *
 * @param means what is subtracted
 * @param scales factors; 0 for a feature that never varied
 */
public record Standardization(double[] means, double[] scales) implements Serializable {

  /** Leaves features as they are. */
  public static Standardization none(int width) {
    double[] scales = new double[width];
    java.util.Arrays.fill(scales, 1);
    return new Standardization(new double[width], scales);
  }

  /** The {@code index}-th feature, standardized. */
  public float apply(float value, int index) {
    return (float) ((value - means[index]) * scales[index]);
  }

  /** Standardizes the features that lie there in place. */
  void apply(float[] values, int offset, int width) {
    for (int i = 0; i < width; i++) {
      values[offset + i] = apply(values[offset + i], i);
    }
  }
}
