package io.sparkfocal.export;

import io.sparkfocal.export.Operand.Scalar;
import io.sparkfocal.export.Operand.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Notes operations one after the other. Shapes are the caller's concern. */
final class GraphBuilder {

  private static final long[] NONE = {};

  private final List<Tensor> tensors = new ArrayList<>();
  private List<Node> nodes = new ArrayList<>();
  private String section = "";
  private int values;

  /** The operations from here on are a part of that, in a few words. */
  void section(String name) {
    section = name;
  }

  /** What was noted since the last call. */
  List<Node> take() {
    List<Node> taken = nodes;
    nodes = new ArrayList<>();
    return taken;
  }

  List<Tensor> tensors() {
    return tensors;
  }

  private Tensor kept(Tensor tensor) {
    if (tensors.stream().anyMatch(other -> other.name().equals(tensor.name()))) {
      throw new IllegalArgumentException("There is a tensor " + tensor.name() + " already.");
    }
    tensors.add(tensor);
    return tensor;
  }

  Tensor trained(String name, long[] shape, float... values) {
    return kept(Tensor.trained(name, shape, values));
  }

  Tensor tensor(String name, long[] shape, double... values) {
    return kept(Tensor.of(name, shape, values));
  }

  /** A row of numbers. */
  Tensor row(String name, double... values) {
    return tensor(name, new long[] {values.length}, values);
  }

  /** A row of indices. */
  Tensor indices(String name, long... values) {
    return kept(Tensor.of(name, new long[] {values.length}, values));
  }

  private Value node(Op op, NumberType type, long[] numbers, Operand... inputs) {
    Value output = new Value("x" + values++, type);
    nodes.add(
        new Node(op, List.of(inputs), Arrays.stream(numbers).boxed().toList(), output, section));
    return output;
  }

  /** An operation on the numbers of one operand, or of several, element by element. */
  Value of(Op op, Operand... inputs) {
    NumberType type =
        switch (op) {
          case AT_LEAST, EQUAL, IS_NAN -> NumberType.BOOLEAN;
          case WHERE -> inputs[1].type();
          default -> inputs[0].type();
        };
    return node(op, type, NONE, inputs);
  }

  /** An operation with a number of the operand's type. */
  Value of(Op op, Operand left, double right) {
    return of(op, left, new Scalar(right, left.type()));
  }

  Value cast(Operand x, NumberType type) {
    return node(Op.CAST, type, NONE, x);
  }

  Value linear(Operand x, Tensor weight, Tensor bias) {
    return of(Op.LINEAR, x, weight, bias);
  }

  Value reshape(Operand x, long... shape) {
    return node(Op.RESHAPE, x.type(), shape, x);
  }

  Value transpose(Operand x, long... order) {
    return node(Op.TRANSPOSE, x.type(), order, x);
  }

  Value columns(Operand x, Tensor indices) {
    return of(Op.COLUMNS, x, indices);
  }

  Value column(Operand x, long index) {
    return node(Op.COLUMN, x.type(), new long[] {index}, x);
  }

  Value take(Tensor table, Operand indices) {
    return of(Op.TAKE, table, indices);
  }

  Value rows(Tensor table, Operand indices) {
    return of(Op.ROWS, table, indices);
  }

  /** How many knots are not above the numbers; of each row of knots at most {@code most}. */
  Value knotsUpTo(Operand x, Tensor knots, long most) {
    return node(Op.KNOTS, NumberType.LONG, new long[] {most}, x, knots);
  }

  Value concat(List<Operand> parts) {
    return parts.size() == 1 && parts.get(0) instanceof Value one
        ? one
        : of(Op.CONCAT, parts.toArray(Operand[]::new));
  }

  Value mean(Operand x, long... dimensions) {
    return node(Op.MEAN, x.type(), dimensions, x);
  }

  Value largest(Operand x, long... dimensions) {
    return node(Op.LARGEST, x.type(), dimensions, x);
  }

  Value convolution(Operand x, Tensor weight, Tensor bias, long stride, long padding) {
    return node(Op.CONVOLUTION, x.type(), new long[] {stride, padding}, x, weight, bias);
  }

  Value maxPool(Operand x, long kernel, long stride, long padding) {
    return node(Op.MAX_POOL, x.type(), new long[] {kernel, stride, padding}, x);
  }
}
