package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Logits cut off from any graph, and their labels, with shapes and types checked.
 *
 * @param logits shape (B, C)
 * @param labels shape (B)
 * @param labelColumn shape (B, 1)
 * @param sampleWeights shape (B); null for ones
 */
record Batch(NDArray logits, NDArray labels, NDArray labelColumn, @Nullable NDArray sampleWeights) {

  /** Checks and reshapes without reading a value. */
  static Batch of(
      NDArray logits, NDArray labels, @Nullable NDArray sampleWeights, DataType dataType) {
    requireLogits(logits, dataType);
    Shape shape = logits.getShape();
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
    if (sampleWeights != null && !sampleWeights.getShape().equals(row)) {
      throw new IllegalArgumentException(
          "Sample weights must have shape %s, one per row, but have shape %s."
              .formatted(row, sampleWeights.getShape()));
    }
    return new Batch(
        logits.stopGradient(), labels.reshape(row), labels.reshape(column), sampleWeights);
  }

  /** Fails unless the logits have two axes and the data type of the kernel. */
  static void requireLogits(NDArray logits, DataType dataType) {
    if (logits.getShape().dimension() != 2) {
      throw new IllegalArgumentException(
          "Logits must have shape (B, C) but have shape %s.".formatted(logits.getShape()));
    }
    if (logits.getDataType() != dataType) {
      throw new IllegalArgumentException(
          "This kernel was prepared for %s logits but they are %s; prepare one for that type."
              .formatted(dataType, logits.getDataType()));
    }
  }

  /** Logits less the largest of their row, so that adding a small number to them loses nothing. */
  NDArray centered() {
    return logits.sub(logits.max(new int[] {1}, true));
  }

  /** The sample weights, shape (B, 1). */
  NDArray weightColumn() {
    return sampleWeights == null
        ? logits.getManager().ones(labelColumn.getShape(), logits.getDataType())
        : sampleWeights.reshape(labelColumn.getShape());
  }

  /** Ones, shape (B): the weights of rows that have no class weight. */
  NDArray ones() {
    return logits.getManager().ones(labels.getShape(), logits.getDataType());
  }

  /** C as a number on the device, shape (1). */
  NDArray classCount() {
    return logits.getManager().ones(new Shape(classes()), logits.getDataType()).sum().reshape(1);
  }

  /** 1 at the label of each row and 0 elsewhere, shape (B, C). */
  NDArray oneHot() {
    NDArray ones = logits.getManager().ones(labelColumn.getShape(), logits.getDataType());
    return logits.zerosLike().scatter(labelColumn, ones, 1);
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

  /** Fails unless there are as many classes as counts were given. */
  void requireClasses(int counts) {
    requireSeveralClasses();
    if (classes() != counts) {
      throw new IllegalArgumentException(
          "The loss was given counts of %s classes but the logits have %s; give one count per class."
              .formatted(counts, classes()));
    }
  }

  /** A column of shape (B, 1) as a row of shape (B). */
  NDArray flat(NDArray column) {
    return column.reshape(new Shape(rows()));
  }
}
