package io.sparkfocal.export;

import io.sparkfocal.export.Operand.Value;
import io.sparkfocal.network.CnnNetwork;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.ResNet18Network;

/** What networks of layers compute outside training: from their inputs to logits. */
final class LayerNodes {

  private static final int RESIDUAL_STAGES = 4;
  private static final int MATRIX = 2;

  private final GraphBuilder graph;
  private final StoredWeights weights;
  private int layers;

  LayerNodes(GraphBuilder graph, StoredWeights weights) {
    this.graph = graph;
    this.weights = weights;
  }

  /** A {@link MlpNetwork}: x has shape (B, F). */
  Value perceptron(Value x) {
    graph.section("Layers.");
    boolean isNormalized = weights.left("gamma") > 0;
    Value current = x;
    while (weights.left("weight") > 1) {
      current = graph.of(Op.RELU, linear(current, isNormalized));
    }
    return linear(current, false);
  }

  private Value linear(Value x, boolean isNormalized) {
    FoldedLayer layer = FoldedLayer.next(weights, isNormalized);
    String name = "layer" + layers++;
    return graph.linear(x, layer.weight(graph, name), layer.bias(graph, name));
  }

  /** With the batch norm that follows each convolution. */
  private Value convolution(Value x, int stride) {
    FoldedLayer layer = FoldedLayer.next(weights, true);
    String name = "layer" + layers++;
    return graph.convolution(
        x, layer.weight(graph, name), layer.bias(graph, name), stride, layer.shape()[MATRIX] / 2);
  }

  /** A {@link CnnNetwork}: x has shape (B, C, H, W). */
  Value cnn(Value x, int height, int width) {
    graph.section("Convolutions.");
    Value current = x;
    int h = height;
    int w = width;
    while (weights.left("gamma") > 0) {
      current = graph.of(Op.RELU, convolution(current, 1));
      current = graph.of(Op.RELU, convolution(current, 1));
      if (Math.min(h, w) > 1) {
        current = graph.maxPool(current, 2, 2, 0);
        h /= 2;
        w /= 2;
      }
    }
    graph.section("Layers.");
    long filters = lastFilters();
    return perceptron(graph.reshape(current, -1, filters * h * w));
  }

  private long lastFilters() {
    Tensor bias = graph.tensors().get(graph.tensors().size() - 1);
    return bias.length();
  }

  /** A {@link ResNet18Network}: x has shape (B, C, H, W). */
  Value resNet18(Value x) {
    graph.section("Stem.");
    Value current = graph.maxPool(graph.of(Op.RELU, convolution(x, 2)), 3, 2, 1);
    for (int stage = 0; stage < RESIDUAL_STAGES; stage++) {
      graph.section("Stage " + (stage + 1) + ".");
      current = residual(current, stage == 0 ? 1 : 2, stage > 0);
      current = residual(current, 1, false);
    }
    graph.section("Mean over all places, and the last layer.");
    return linear(graph.mean(current, 2, 3), false);
  }

  private Value residual(Value x, int stride, boolean projects) {
    Value body = convolution(graph.of(Op.RELU, convolution(x, stride)), 1);
    Value shortcut = projects ? convolution(x, stride) : x;
    return graph.of(Op.RELU, graph.of(Op.ADD, body, shortcut));
  }
}
