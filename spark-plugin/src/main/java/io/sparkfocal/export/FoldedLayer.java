package io.sparkfocal.export;

import io.sparkfocal.persist.Safetensors;
import java.util.Arrays;

/**
 * A linear or convolutional layer, with the batch norm behind it if there is one: outside training
 * that is a factor and a shift of each output, which the layer's weights and bias can have in them.
 *
 * @param shape of the weights, outputs first
 * @param weights row by row
 * @param bias one for each output
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record FoldedLayer(long[] shape, float[] weights, float[] bias) {

  /** As in PyTorch. */
  private static final double EPSILON = 1e-5f;

  /** The next layer of a network. */
  static FoldedLayer next(StoredWeights weights, boolean isNormalized) {
    Safetensors.Tensor layer = weights.next("weight");
    return isNormalized
        ? normalized(layer, weights)
        : new FoldedLayer(layer.shape(), layer.values(), weights.next("bias").values());
  }

  private static FoldedLayer normalized(Safetensors.Tensor layer, StoredWeights weights) {
    float[] gamma = weights.next("gamma").values();
    float[] beta = weights.next("beta").values();
    float[] mean = weights.next("runningMean").values();
    float[] variance = weights.next("runningVar").values();
    float[] folded = Arrays.copyOf(layer.values(), layer.values().length);
    float[] bias = new float[gamma.length];
    int inputs = folded.length / gamma.length;
    for (int j = 0; j < gamma.length; j++) {
      double scale = gamma[j] / Math.sqrt(variance[j] + EPSILON);
      for (int i = j * inputs; i < (j + 1) * inputs; i++) {
        folded[i] = (float) (folded[i] * scale);
      }
      bias[j] = (float) (beta[j] - mean[j] * scale);
    }
    return new FoldedLayer(layer.shape(), folded, bias);
  }

  /** The weights as a tensor of a graph. */
  Tensor weight(GraphBuilder graph, String layer) {
    return graph.trained(layer + "_weight", shape, weights);
  }

  /** The bias as a tensor of a graph. */
  Tensor bias(GraphBuilder graph, String layer) {
    return graph.trained(layer + "_bias", new long[] {bias.length}, bias);
  }
}
