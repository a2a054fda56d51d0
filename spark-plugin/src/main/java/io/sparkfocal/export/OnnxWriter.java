package io.sparkfocal.export;

import io.sparkfocal.persist.Protobuf;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link Graph} as a model of ONNX 1.10 (onnx/onnx.proto): one input {@code features},
 * float64 (N, F), and two float32 outputs, {@code probabilities} and the network's {@code logits}.
 */
final class OnnxWriter {

  private static final int IR_VERSION = 8;
  private static final int OPERATOR_SET = 15;

  private static final int MODEL_IR_VERSION = 1;
  private static final int MODEL_PRODUCER = 2;
  private static final int MODEL_GRAPH = 7;
  private static final int MODEL_OPERATORS = 8;
  private static final int OPERATORS_VERSION = 2;
  private static final int MODEL_METADATA = 14;
  private static final int METADATA_KEY = 1;
  private static final int METADATA_VALUE = 2;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_NAME = 2;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int GRAPH_INPUT = 11;
  private static final int GRAPH_OUTPUT = 12;
  private static final int TENSOR_DIMENSION = 1;
  private static final int TENSOR_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_BYTES = 9;
  private static final int VALUE_NAME = 1;
  private static final int VALUE_TYPE = 2;
  private static final int TYPE_TENSOR = 1;
  private static final int TENSOR_TYPE_ELEMENT = 1;
  private static final int TENSOR_TYPE_SHAPE = 2;
  private static final int SHAPE_DIMENSION = 1;
  private static final int DIMENSION_SIZE = 1;
  private static final int DIMENSION_NAME = 2;

  private final Protobuf head = new Protobuf();
  private final Protobuf graphHead = new Protobuf();
  private final List<Tensor> tensors;
  private final List<Protobuf> tensorHeads = new ArrayList<>();
  private final long graphLength;

  /**
   * Of that graph.
   *
   * @param metadata a text that the model has under the name {@link ModelMetadata#FILE}
   */
  OnnxWriter(Graph graph, String metadata) {
    OnnxNodes nodes =
        new OnnxNodes(
            Map.of(
                graph.input().name(), "features",
                graph.logits().name(), graph.given().name(),
                graph.probabilities().name(), "probabilities"));
    nodes.add(graph.toLogits());
    nodes.add(graph.toProbabilities());
    nodes.nodes().forEach(node -> graphHead.message(GRAPH_NODE, node));
    graphHead
        .text(GRAPH_NAME, "spark_focal")
        .message(GRAPH_INPUT, value("features", NumberType.DOUBLE, graph.features()))
        .message(GRAPH_OUTPUT, value("probabilities", NumberType.FLOAT, graph.classes()))
        .message(GRAPH_OUTPUT, value(graph.given().name(), NumberType.FLOAT, graph.outputs()));
    tensors = nodes.initializers();
    long length = graphHead.length();
    for (Tensor tensor : tensors) {
      Protobuf tensorHead = head(tensor);
      tensorHeads.add(tensorHead);
      length += tensorHead.length() + tensor.bytes();
    }
    graphLength = length;
    head.number(MODEL_IR_VERSION, IR_VERSION)
        .text(MODEL_PRODUCER, "spark-focal")
        .message(MODEL_OPERATORS, new Protobuf().number(OPERATORS_VERSION, OPERATOR_SET))
        .message(
            MODEL_METADATA,
            new Protobuf().text(METADATA_KEY, ModelMetadata.FILE).text(METADATA_VALUE, metadata))
        .begin(MODEL_GRAPH, graphLength);
  }

  /** Length of the file. */
  long bytes() {
    return head.length() + graphLength;
  }

  /** Why the file cannot be written, as a sentence; null if it can. */
  @Nullable String refusal() {
    return bytes() <= Integer.MAX_VALUE
        ? null
        : "The network takes %s bytes in ONNX, whose files hold at most %s; read torchscript/model.pt or pytorch/model.py instead."
            .formatted(bytes(), Integer.MAX_VALUE);
  }

  void write(OutputStream out) throws IOException {
    out.write(head.toBytes());
    out.write(graphHead.toBytes());
    for (int i = 0; i < tensors.size(); i++) {
      out.write(tensorHeads.get(i).toBytes());
      tensors.get(i).write(out);
    }
  }

  /** All of an initializer that comes before its numbers. */
  private static Protobuf head(Tensor tensor) {
    Protobuf fields = new Protobuf();
    for (long dimension : tensor.shape()) {
      fields.number(TENSOR_DIMENSION, dimension);
    }
    fields
        .number(TENSOR_TYPE, tensor.type().onnx())
        .text(TENSOR_NAME, tensor.name())
        .begin(TENSOR_BYTES, tensor.bytes());
    return new Protobuf().begin(GRAPH_INITIALIZER, fields.length() + tensor.bytes()).append(fields);
  }

  /** Of any number of rows. */
  private static Protobuf value(String name, NumberType type, int width) {
    Protobuf shape =
        new Protobuf()
            .message(SHAPE_DIMENSION, new Protobuf().text(DIMENSION_NAME, "N"))
            .message(SHAPE_DIMENSION, new Protobuf().number(DIMENSION_SIZE, width));
    Protobuf tensor =
        new Protobuf().number(TENSOR_TYPE_ELEMENT, type.onnx()).message(TENSOR_TYPE_SHAPE, shape);
    return new Protobuf()
        .text(VALUE_NAME, name)
        .message(VALUE_TYPE, new Protobuf().message(TYPE_TENSOR, tensor));
  }
}
