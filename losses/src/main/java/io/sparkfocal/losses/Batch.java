package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Logits cut off from any graph, and their labels, with shapes and types checked.
 *
 * @param logits shape (B, C)
 * @param labels shape (B)
 * @param labelColumn shape (B, 1)
 */
record Batch(NDArray logits, NDArray labels, NDArray labelColumn) {

  /** Checks and reshapes without reading a value. */
  static Batch of(NDArray logits, NDArray labels, DataType dataType) {
    Shape shape = logits.getShape();
    if (shape.dimension() != 2) {
      throw new IllegalArgumentException(
          "Logits must have shape (B, C) but have shape %s.".formatted(shape));
    }
    if (logits.getDataType() != dataType) {
      throw new IllegalArgumentException(
          "This kernel was prepared for %s logits but they are %s; prepare one for that type."
              .formatted(dataType, logits.getDataType()));
    }
    if (labels.getDataType() != DataType.INT64) {
      throw new IllegalArgumentException(
          "Labels must be int64 class numbers but are %s.".formatted(labels.getDataType()));
    }
    Shape row = new Shape(shape.get(0));
    Shape column = new Shape(shape.get(0), 1);
    if (!labels.getShape().equals(row) && !labels.getShape().equals(column)) {
      throw new IllegalArgumentException(
          "Labels for logits of shape %s must have shape %s or %s but have shape %s."
              .formatted(shape, row, column, labels.getShape()));
    }
    return new Batch(logits.stopGradient(), labels.reshape(row), labels.reshape(column));
  }

  /** B. */
  long rows() {
    return logits.getShape().get(0);
  }

  /** C. */
  long classes() {
    return logits.getShape().get(1);
  }

  /** Fails unless there are at least two classes, as a softmax over one says nothing. */
  void requireSeveralClasses() {
    if (classes() < 2) {
      throw new IllegalArgumentException(
          "A softmax loss needs at least 2 classes but the logits have shape %s; for one logit per row use SigmoidFocalLoss."
              .formatted(logits.getShape()));
    }
  }

  /** A column of shape (B, 1) as a row of shape (B). */
  NDArray flat(NDArray column) {
    return column.reshape(new Shape(rows()));
  }
}
