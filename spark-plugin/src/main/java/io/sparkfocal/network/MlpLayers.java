package io.sparkfocal.network;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The layers of a {@link MlpNetwork} on the heap, as {@link MlpForward} takes them.
 *
 * <p>Batch norm is part of the linear layer before it, with its running statistics.
 */
public final class MlpLayers {

  /** Layers of fewer outputs are computed output by output, others input by input. */
  private static final int FEW_OUTPUTS = 8;

  /**
   * One linear layer.
   *
   * @param byOutput whether an array of weights is that of an output, or else of an input
   * @param weights shape (outputs, inputs) by output, or else (inputs, outputs)
   * @param bias shape (outputs)
   */
  record Layer(boolean byOutput, float[][] weights, float[] bias) {

    int inputs() {
      return byOutput ? weights[0].length : weights.length;
    }

    int outputs() {
      return bias.length;
    }
  }

  private final List<Layer> layers = new ArrayList<>();

  private MlpLayers() {}

  /**
   * Widths of the features, the hidden layers and the logits.
   *
   * @return null if the network is no {@link MlpNetwork}
   */
  public static int @Nullable [] widths(NetworkDescription network) {
    return network.provider().equals(MlpNetwork.class.getName())
        ? MlpNetwork.widths(network.features(), network.outputs(), network.arguments())
        : null;
  }

  /**
   * The layers that a network's parameters make.
   *
   * @param network a {@link MlpNetwork}
   * @param parameters values of its parameters in its order: the trained ones, then running
   *     statistics
   * @throws IllegalArgumentException if the network has other parameters
   */
  public static MlpLayers of(NetworkDescription network, List<float[]> parameters) {
    int[] widths = MlpNetwork.widths(network.features(), network.outputs(), network.arguments());
    boolean batchNorm = MlpNetwork.batchNorm(network.arguments());
    int hidden = widths.length - 2;
    List<Long> sizes = sizes(widths, batchNorm);
    List<Long> given = parameters.stream().map(values -> (long) values.length).toList();
    if (!given.equals(sizes)) {
      throw new IllegalArgumentException(
          "The network %s has parameters of %s values, but the model has %s; copy or save the model again."
              .formatted(network.arguments(), sizes, given));
    }
    Iterator<float[]> trained = parameters.iterator();
    Iterator<float[]> statistics = parameters.listIterator((batchNorm ? 3 : 2) * hidden + 2);
    MlpLayers made = new MlpLayers();
    for (int layer = 0; layer <= hidden; layer++) {
      float[] weights = trained.next();
      double[] scale = new double[widths[layer + 1]];
      double[] shift = new double[scale.length];
      if (batchNorm && layer < hidden) {
        normalize(
            trained.next(), trained.next(), statistics.next(), statistics.next(), scale, shift);
      } else {
        float[] bias = trained.next();
        Arrays.fill(scale, 1);
        Arrays.setAll(shift, j -> bias[j]);
      }
      made.layers.add(layer(weights, widths[layer], scale, shift));
    }
    return made;
  }

  private static List<Long> sizes(int[] widths, boolean batchNorm) {
    List<Long> sizes = new ArrayList<>();
    List<Long> statistics = new ArrayList<>();
    for (int layer = 0; layer < widths.length - 1; layer++) {
      long outputs = widths[layer + 1];
      sizes.add(widths[layer] * outputs);
      sizes.add(outputs);
      if (batchNorm && layer < widths.length - 2) {
        sizes.add(outputs);
        statistics.addAll(List.of(outputs, outputs));
      }
    }
    sizes.addAll(statistics);
    return sizes;
  }

  private static void normalize(
      float[] gamma, float[] beta, float[] mean, float[] variance, double[] scale, double[] shift) {
    for (int j = 0; j < scale.length; j++) {
      scale[j] = gamma[j] / Math.sqrt(variance[j] + (double) SyncBatchNorm.EPSILON);
      shift[j] = beta[j] - mean[j] * scale[j];
    }
  }

  private static Layer layer(float[] weights, int inputs, double[] scale, double[] shift) {
    int outputs = scale.length;
    boolean byOutput = outputs < FEW_OUTPUTS;
    float[][] scaled = byOutput ? new float[outputs][inputs] : new float[inputs][outputs];
    float[] bias = new float[outputs];
    for (int j = 0; j < outputs; j++) {
      for (int i = 0; i < inputs; i++) {
        float weight = (float) (weights[j * inputs + i] * scale[j]);
        if (byOutput) {
          scaled[j][i] = weight;
        } else {
          scaled[i][j] = weight;
        }
      }
      bias[j] = (float) shift[j];
    }
    return new Layer(byOutput, scaled, bias);
  }

  List<Layer> layers() {
    return layers;
  }

  /**
   * What the first layer makes of a row before ReLU, in double precision: shape (outputs).
   *
   * @param row all features
   */
  public double[] first(float[] row) {
    Layer layer = layers.get(0);
    double[] sums = new double[layer.outputs()];
    Arrays.setAll(sums, j -> layer.bias()[j]);
    for (int i = 0; i < row.length; i++) {
      for (int j = 0; row[i] != 0 && j < sums.length; j++) {
        float weight = layer.byOutput() ? layer.weights()[j][i] : layer.weights()[i][j];
        sums[j] += (double) weight * row[i];
      }
    }
    return sums;
  }
}
