package io.sparkfocal.export;

/** What an operation takes. */
sealed interface Operand permits Operand.Value, Operand.Scalar, Tensor {

  /** What its numbers are. */
  NumberType type();

  /**
   * What an operation gave, or the input of the graph.
   *
   * @param name unique in the graph
   */
  record Value(String name, NumberType type) implements Operand {}

  /** A number that is written where it is used. */
  record Scalar(double number, NumberType type) implements Operand {}
}
