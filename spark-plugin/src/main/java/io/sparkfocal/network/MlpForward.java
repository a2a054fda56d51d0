package io.sparkfocal.network;

import java.util.Arrays;
import java.util.List;

/**
 * The forward pass of a {@link MlpNetwork} outside training, in plain Java, a row at a time.
 *
 * <p>A layer is computed on the inputs that are not zero: those of a sparse row, or what ReLU left.
 * Logits are those of the network within float32 rounding. Belongs to one thread; the layers may be
 * shared.
 */
public final class MlpForward {

  private final List<MlpLayers.Layer> layers;
  private final float[][] outputs;
  private final int[] at;
  private final float[] values;

  /** A pass over these layers. */
  public MlpForward(MlpLayers layers) {
    this.layers = layers.layers();
    this.outputs = new float[this.layers.size()][];
    int widest = 0;
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = new float[this.layers.get(i).outputs()];
      widest = Math.max(widest, this.layers.get(i).inputs());
    }
    this.at = new int[widest];
    this.values = new float[widest];
  }

  /**
   * The logits of a row; overwritten by the next.
   *
   * @param row all features, shape (F)
   */
  public float[] logits(float[] row) {
    MlpLayers.Layer first = layers.get(0);
    int count = 0;
    for (int i = 0; i < row.length; i++) {
      at[count] = i;
      values[count] = row[i];
      count += row[i] == 0 ? 0 : 1;
    }
    System.arraycopy(first.bias(), 0, outputs[0], 0, outputs[0].length);
    addProducts(first, at, values, count, outputs[0]);
    return rest();
  }

  /**
   * The logits of a row of few features; overwritten by the next.
   *
   * @param at which features, without order
   * @param values their values
   * @param count how many there are
   * @param base what the first layer makes of everything else, as {@link MlpLayers#first} gives it
   */
  public float[] logits(int[] at, float[] values, int count, double[] base) {
    float[] sums = outputs[0];
    Arrays.fill(sums, 0);
    addProducts(layers.get(0), at, values, count, sums);
    for (int j = 0; j < sums.length; j++) {
      sums[j] = (float) (base[j] + sums[j]);
    }
    return rest();
  }

  private float[] rest() {
    for (int i = 1; i < outputs.length; i++) {
      float[] input = outputs[i - 1];
      int count = 0;
      for (int j = 0; j < input.length; j++) {
        at[count] = j;
        values[count] = input[j];
        // NaN stays, as in PyTorch.
        count += input[j] <= 0 ? 0 : 1;
      }
      System.arraycopy(layers.get(i).bias(), 0, outputs[i], 0, outputs[i].length);
      addProducts(layers.get(i), at, values, count, outputs[i]);
    }
    return outputs[outputs.length - 1];
  }

  private static void addProducts(
      MlpLayers.Layer layer, int[] at, float[] values, int count, float[] sums) {
    if (!layer.byOutput()) {
      addInputs(layer.weights(), at, values, count, sums);
      return;
    }
    for (int j = 0; j < sums.length; j++) {
      sums[j] += dot(layer.weights()[j], at, values, count);
    }
  }

  private static float dot(float[] weights, int[] at, float[] values, int count) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int k = 0;
    for (; k + 3 < count; k += 4) {
      a += weights[at[k]] * values[k];
      b += weights[at[k + 1]] * values[k + 1];
      c += weights[at[k + 2]] * values[k + 2];
      d += weights[at[k + 3]] * values[k + 3];
    }
    for (; k < count; k++) {
      a += weights[at[k]] * values[k];
    }
    return (a + b) + (c + d);
  }

  /** Several inputs at a time, so that the sums are read and written less often. */
  private static void addInputs(
      float[][] weights, int[] at, float[] values, int count, float[] sums) {
    int k = 0;
    for (; k + 3 < count; k += 4) {
      addFour(
          weights[at[k]],
          weights[at[k + 1]],
          weights[at[k + 2]],
          weights[at[k + 3]],
          values[k],
          values[k + 1],
          values[k + 2],
          values[k + 3],
          sums);
    }
    for (; k < count; k++) {
      addOne(weights[at[k]], values[k], sums);
    }
  }

  private static void addOne(float[] weights, float value, float[] sums) {
    for (int j = 0; j < sums.length; j++) {
      sums[j] += weights[j] * value;
    }
  }

  /** The JIT makes vector instructions of it, since each array is read at the loop's index. */
  private static void addFour(
      float[] a,
      float[] b,
      float[] c,
      float[] d,
      float ofA,
      float ofB,
      float ofC,
      float ofD,
      float[] sums) {
    for (int j = 0; j < sums.length; j++) {
      sums[j] += (a[j] * ofA + b[j] * ofB) + (c[j] * ofC + d[j] * ofD);
    }
  }
}
