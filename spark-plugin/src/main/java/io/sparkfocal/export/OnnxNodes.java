package io.sparkfocal.export;

import io.sparkfocal.export.Operand.Scalar;
import io.sparkfocal.export.Operand.Value;
import io.sparkfocal.persist.Protobuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Operations as nodes of ONNX, operator set 15.
 *
 * <p>Numbers that PyTorch has in its code are initializers here.
 */
final class OnnxNodes {

  private static final int NODE_INPUT = 1;
  private static final int NODE_OUTPUT = 2;
  private static final int NODE_TYPE = 4;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int ATTRIBUTE_NAME = 1;
  private static final int ATTRIBUTE_INT = 3;
  private static final int ATTRIBUTE_INTS = 8;
  private static final int ATTRIBUTE_TYPE = 20;
  private static final int INT = 2;
  private static final int INTS = 7;

  private final List<Protobuf> nodes = new ArrayList<>();
  private final Map<String, Tensor> initializers = new LinkedHashMap<>();
  private final Map<String, String> names;

  /**
   * No nodes yet.
   *
   * @param names of values, where they are other than in the graph
   */
  OnnxNodes(Map<String, String> names) {
    this.names = names;
  }

  List<Protobuf> nodes() {
    return nodes;
  }

  /** What the nodes need beside the input. */
  List<Tensor> initializers() {
    return List.copyOf(initializers.values());
  }

  void add(List<Node> operations) {
    operations.forEach(this::add);
  }

  private void add(Node node) {
    List<Long> numbers = node.numbers();
    switch (node.op()) {
      case CAST -> emit(node).number("to", node.output().type().onnx());
      case LINEAR -> emit(node).number("transB", 1);
      case SOFTMAX, LOG_SOFTMAX, CONCAT -> emit(node).number("axis", -1);
      case RESHAPE -> emit(node, indices(numbers));
      case TRANSPOSE -> emit(node).numbers("perm", numbers);
      case COLUMNS -> emit(node).number("axis", 1);
      case COLUMN -> emit(node, scalar(NumberType.LONG, numbers.get(0))).number("axis", 1);
      case TAKE, ROWS -> emit(node).number("axis", 0);
      case MEAN, LARGEST -> emit(node).numbers("axes", numbers).number("keepdims", 0);
      case CONVOLUTION ->
          emit(node).numbers("strides", pair(numbers, 0)).numbers("pads", sides(numbers, 1));
      case MAX_POOL ->
          emit(node)
              .numbers("kernel_shape", pair(numbers, 0))
              .numbers("strides", pair(numbers, 1))
              .numbers("pads", sides(numbers, 2));
      case KNOTS ->
          search(
              (Value) node.inputs().get(0),
              (Tensor) node.inputs().get(1),
              Math.toIntExact(numbers.get(0)),
              node.output());
      default -> emit(node);
    }
  }

  /** A node that attributes may be added to. */
  private record Emitted(Protobuf node) {

    Emitted number(String name, long value) {
      node.message(
          NODE_ATTRIBUTE,
          new Protobuf()
              .text(ATTRIBUTE_NAME, name)
              .number(ATTRIBUTE_INT, value)
              .number(ATTRIBUTE_TYPE, INT));
      return this;
    }

    Emitted numbers(String name, List<Long> values) {
      Protobuf attribute = new Protobuf().text(ATTRIBUTE_NAME, name);
      values.forEach(value -> attribute.number(ATTRIBUTE_INTS, value));
      node.message(NODE_ATTRIBUTE, attribute.number(ATTRIBUTE_TYPE, INTS));
      return this;
    }
  }

  private Emitted emit(Node node, Operand... more) {
    List<Operand> inputs = new ArrayList<>(node.inputs());
    inputs.addAll(Arrays.asList(more));
    return emit(node.op().onnx(), node.output(), inputs);
  }

  private Emitted emit(String type, Value output, List<Operand> inputs) {
    Protobuf node = new Protobuf();
    inputs.forEach(input -> node.text(NODE_INPUT, name(input)));
    node.text(NODE_OUTPUT, name(output)).text(NODE_TYPE, type);
    nodes.add(node);
    return new Emitted(node);
  }

  private Value value(String name, NumberType type, Op op, Operand... inputs) {
    Value output = new Value(name, type);
    Emitted node = emit(op.onnx(), output, List.of(inputs));
    if (op == Op.TAKE) {
      node.number("axis", 0);
    }
    return output;
  }

  private String name(Operand operand) {
    if (operand instanceof Value value) {
      return names.getOrDefault(value.name(), value.name());
    }
    Tensor tensor =
        operand instanceof Scalar scalar
            ? scalar(scalar.type(), scalar.number())
            : (Tensor) operand;
    initializers.putIfAbsent(tensor.name(), tensor);
    return tensor.name();
  }

  private static Tensor scalar(NumberType type, double number) {
    String name = type.name().toLowerCase(Locale.ROOT) + "_" + number;
    long[] none = {};
    return switch (type) {
      case LONG -> Tensor.of(name, none, (long) number);
      case DOUBLE -> Tensor.of(name, none, number);
      default -> Tensor.trained(name, none, (float) number);
    };
  }

  private static Tensor indices(List<Long> numbers) {
    String name = "shape_" + numbers;
    return Tensor.of(
        name, new long[] {numbers.size()}, numbers.stream().mapToLong(Long::longValue).toArray());
  }

  private static List<Long> pair(List<Long> numbers, int index) {
    return List.of(numbers.get(index), numbers.get(index));
  }

  private static List<Long> sides(List<Long> numbers, int index) {
    long side = numbers.get(index);
    return List.of(side, side, side, side);
  }

  /**
   * How many knots are not above x, by halving: ONNX has no such operation, and to compare with all
   * knots takes ten times as long.
   */
  private void search(Value x, Tensor knots, int most, Value output) {
    int rows = (int) knots.shape()[0];
    int width = (int) knots.shape()[1];
    int first = Integer.highestOneBit(most);
    // A power of two less one, filled up with infinities.
    int padded = 2 * first - 1;
    double[] all = new double[rows * padded];
    Arrays.fill(all, Double.POSITIVE_INFINITY);
    double[] middle = new double[rows];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(knots.doubles(), row * width, all, row * padded, Math.min(width, padded));
      middle[row] = all[row * padded + first - 1];
    }
    Tensor table = Tensor.of(knots.name() + "_padded", new long[] {all.length}, all);
    Tensor zero = scalar(NumberType.LONG, 0);
    Operand probed = Tensor.of(knots.name() + "_middle", new long[] {rows}, middle);
    Value counted = null;
    for (int step = first; step >= 1; step /= 2) {
      String name = output.name() + "_" + step;
      if (counted != null) {
        Tensor places =
            Tensor.of(
                knots.name() + "_from_" + step, new long[] {rows}, places(rows, padded, step));
        Value place = value(name + "_place", NumberType.LONG, Op.ADD, counted, places);
        probed = value(name + "_knot", NumberType.DOUBLE, Op.TAKE, table, place);
      }
      Value isUpTo = value(name + "_found", NumberType.BOOLEAN, Op.AT_LEAST, x, probed);
      String last = step == 1 ? output.name() : name;
      Tensor more = scalar(NumberType.LONG, step);
      if (counted == null) {
        counted = value(last, NumberType.LONG, Op.WHERE, isUpTo, more, zero);
      } else {
        Value added = value(name + "_more", NumberType.LONG, Op.WHERE, isUpTo, more, zero);
        counted = value(last, NumberType.LONG, Op.ADD, counted, added);
      }
    }
  }

  /** Where the knot that is to be compared lies, less how many were counted already. */
  private static long[] places(int rows, int padded, int step) {
    long[] places = new long[rows];
    Arrays.setAll(places, row -> (long) row * padded + step - 1);
    return places;
  }
}
