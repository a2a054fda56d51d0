package io.sparkfocal.export;

import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.export.Operand.Value;
import io.sparkfocal.network.CnnNetwork;
import io.sparkfocal.network.ImageShape;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.ResNet18Network;
import io.sparkfocal.network.TabularNetwork;
import io.sparkfocal.persist.TrainedNetwork;
import java.util.Arrays;
import java.util.List;

/** The {@link Graph} of a model: what is done to its features, its network, and its link. */
final class ModelGraph {

  private static final String MLP = MlpNetwork.class.getName();
  private static final String TABULAR = TabularNetwork.class.getName();
  private static final String CNN = CnnNetwork.class.getName();
  private static final String RESNET18 = ResNet18Network.class.getName();

  private final TrainedNetwork network;
  private final GraphBuilder graph = new GraphBuilder();
  private final StoredWeights weights;

  private ModelGraph(TrainedNetwork network) {
    this.network = network;
    this.weights = new StoredWeights(network.weights());
  }

  /**
   * Requires a network that is described here.
   *
   * @throws IllegalArgumentException if it is not
   */
  static void require(TrainedNetwork network) {
    String provider = network.description().provider();
    boolean isTable = network.encoding() instanceof TableEncoding;
    if (!List.of(MLP, TABULAR, CNN, RESNET18).contains(provider)
        || provider.equals(TABULAR) != isTable) {
      throw new IllegalArgumentException(
          "The network of provider \"%s\" cannot be exported, only linear, mlp, tabular, cnn, resnet18 and torchscript; use its saved model, whose weights.safetensors PyTorch reads."
              .formatted(provider));
    }
  }

  /** Of a network that {@link #require} lets pass. */
  static Graph of(TrainedNetwork network) {
    return new ModelGraph(network).build();
  }

  private Graph build() {
    NetworkDescription description = network.description();
    Value features = new Value("rows", NumberType.DOUBLE);
    Value logits =
        network.encoding() instanceof TableEncoding table
            ? ofTable(table, features)
            : ofNumbers(inputs(features));
    weights.requireNone();
    List<Node> toLogits = graph.take();
    Value given = new Value("logits", NumberType.FLOAT);
    Value probabilities =
        new LinkNodes(graph).probabilities(given, network.link(), description.outputs());
    return new Graph(
        network.encoding().features(),
        features,
        graph.tensors(),
        toLogits,
        logits,
        description.outputs(),
        graph.take(),
        given,
        probabilities,
        network.classes());
  }

  private Value ofTable(TableEncoding table, Value features) {
    TableNodes.Encoded encoded = new TableNodes(graph, table).of(features);
    return new TabularNodes(graph, weights)
        .logits(encoded, table.missingNumbers(), network.description().arguments());
  }

  private Value inputs(Value features) {
    FeatureEncoding encoding = network.encoding();
    return encoding instanceof ImageEncoding images
        ? NumberNodes.ofPixels(graph, features, images)
        : NumberNodes.standardized(graph, features, (Standardization) encoding);
  }

  private Value ofNumbers(Value inputs) {
    LayerNodes layers = new LayerNodes(graph, weights);
    String provider = network.description().provider();
    if (provider.equals(MLP)) {
      return layers.perceptron(inputs);
    }
    String sides = network.description().arguments().getOrDefault("inputShape", "");
    ImageShape shape =
        ImageShape.of(Arrays.stream(sides.split(",")).mapToInt(Integer::parseInt).toArray());
    Value images = graph.reshape(inputs, -1, shape.channels(), shape.height(), shape.width());
    return provider.equals(CNN)
        ? layers.cnn(images, shape.height(), shape.width())
        : layers.resNet18(images);
  }
}
