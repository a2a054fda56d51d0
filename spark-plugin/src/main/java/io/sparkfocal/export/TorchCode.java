package io.sparkfocal.export;

import io.sparkfocal.export.Operand.Scalar;
import io.sparkfocal.export.Operand.Value;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Operations as lines of code that calls PyTorch: as Python, or as TorchScript in the form in which
 * its files have it, which differs in a few names.
 */
final class TorchCode {

  /** Which of the two. */
  enum Language {
    PYTHON,
    TORCHSCRIPT
  }

  private static final int LAST = -1;

  private final Language language;
  private final StringBuilder lines = new StringBuilder();
  private String section = "";

  TorchCode(Language language) {
    this.language = language;
  }

  /** Two or four spaces a level, as each language has it. */
  private void line(String text) {
    lines.append(language == Language.PYTHON ? "        " : "    ").append(text).append('\n');
  }

  /** Assigns an expression to a variable. */
  TorchCode assign(String variable, String expression) {
    line(variable + " = " + expression);
    return this;
  }

  TorchCode add(List<Node> nodes) {
    for (Node node : nodes) {
      if (language == Language.PYTHON && !node.section().equals(section)) {
        section = node.section();
        line("# " + section);
      }
      assign(node.output().name(), expression(node));
    }
    return this;
  }

  TorchCode returns(String expression) {
    line("return " + expression);
    return this;
  }

  @Override
  public String toString() {
    return lines.toString();
  }

  /** One row or several, of any shape (..., features), as (B, features). */
  String rows(String features, int width) {
    return call("reshape", features, "[-1, " + width + "]");
  }

  /** Rows of shape (B, width) in the shape of the features that they were made of. */
  String asGiven(String rows, String features, int width) {
    String shape =
        language == Language.PYTHON
            ? features + ".shape[:-1] + (" + width + ",)"
            : "torch.add(torch.slice(torch.size(" + features + "), None, -1), [" + width + "])";
    return call("reshape", rows, shape);
  }

  String cast(String x, NumberType type) {
    return language == Language.PYTHON
        ? x + ".to(" + type.python() + ")"
        : "torch.to(" + x + ", " + type.scalarType() + ")";
  }

  private String expression(Node node) {
    List<String> in = node.inputs().stream().map(TorchCode::text).toList();
    List<Long> numbers = node.numbers();
    String function = node.op().torch();
    return switch (node.op()) {
      case CAST -> cast(in.get(0), node.output().type());
      case LINEAR ->
          (language == Language.PYTHON ? "nn.functional.linear(" : "torch.linear(")
              + String.join(", ", in)
              + ")";
      case SOFTMAX, LOG_SOFTMAX -> call(function, in.get(0), Integer.toString(LAST));
      case CONCAT -> call(function, "[" + String.join(", ", in) + "]", Integer.toString(LAST));
      case RESHAPE, TRANSPOSE, MEAN, LARGEST -> call(function, in.get(0), list(numbers));
      case COLUMNS -> call(function, in.get(0), "1", in.get(1));
      case COLUMN -> call(function, in.get(0), "1", numbers.get(0).toString());
      case KNOTS -> knots(in.get(0), in.get(1));
      case CONVOLUTION ->
          call(function, in.get(0), in.get(1), in.get(2), pair(numbers, 0), pair(numbers, 1));
      case MAX_POOL ->
          call(function, in.get(0), pair(numbers, 0), pair(numbers, 1), pair(numbers, 2));
      default -> call(function, in.toArray(String[]::new));
    };
  }

  private String knots(String x, String knots) {
    String transposed = call("t", x);
    String contiguous =
        language == Language.PYTHON ? transposed + ".contiguous()" : call("contiguous", transposed);
    return call("t", call("searchsorted", knots, contiguous, "right=True"));
  }

  private static String call(String function, String... arguments) {
    return "torch." + function + "(" + String.join(", ", arguments) + ")";
  }

  private static String list(List<Long> numbers) {
    return numbers.stream().map(Object::toString).collect(Collectors.joining(", ", "[", "]"));
  }

  /** The same number for height and width. */
  private static String pair(List<Long> numbers, int index) {
    return list(List.of(numbers.get(index), numbers.get(index)));
  }

  private static String text(Operand operand) {
    if (operand instanceof Value value) {
      return value.name();
    }
    if (operand instanceof Scalar scalar) {
      return scalar.type() == NumberType.LONG
          ? Long.toString((long) scalar.number())
          : Double.toString(scalar.number());
    }
    return "self." + ((Tensor) operand).name();
  }
}
