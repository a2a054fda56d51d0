package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How logits and labels of any number of axes, as (N, C, H, W) and (N, H, W), are rows of a batch.
 *
 * @param classAxis axis of the logits that counts the classes
 * @param ignoreIndex label of rows that count nothing; null for none
 */
record DenseLayout(int classAxis, @Nullable Long ignoreIndex) {

  /**
   * Rows of a batch.
   *
   * @param logits shape (B, C), recorded as the given ones are; 0 in ignored rows
   * @param labels shape (B), or (B, C) for targets; 0 in ignored rows
   * @param present shape (B): 1, and 0 in ignored rows; null if no row can be ignored
   * @param shape of a value per row
   */
  record Rows(NDArray logits, NDArray labels, @Nullable NDArray present, Shape shape) {}

  /** Flattens; copies nothing back to the host. */
  Rows rows(NDArray logits, NDArray labels) {
    Shape shape = logits.getShape();
    int axes = shape.dimension();
    if (classAxis < 1 || classAxis >= axes) {
      throw new IllegalArgumentException(
          "The class axis is %s but the logits have shape %s; choose from 1 to %s."
              .formatted(classAxis, shape, axes - 1));
    }
    long classes = shape.get(classAxis);
    long count = shape.size() / Math.max(1, classes);
    Shape values = without(shape);
    NDArray flat = classLast(logits).reshape(new Shape(count, classes));
    if (labels.getDataType() == logits.getDataType() && labels.getShape().equals(shape)) {
      NDArray targets = classLast(labels).reshape(new Shape(count, classes));
      return ignoreIndex == null || classes > 1
          ? new Rows(flat, targets, null, values)
          : masked(flat, targets, values, ignoreIndex);
    }
    if (axes > 2 && !labels.getShape().equals(values)) {
      throw new IllegalArgumentException(
          "Labels for logits of shape %s with class axis %s must have shape %s but have shape %s."
              .formatted(shape, classAxis, values, labels.getShape()));
    }
    NDArray numbers = labels.toType(DataType.INT64, false);
    if (axes > 2) {
      numbers = numbers.reshape(new Shape(count));
    }
    Long ignored = ignoreIndex;
    return ignored == null
        ? new Rows(flat, numbers, null, values)
        : masked(flat, numbers.reshape(new Shape(count)), values, ignored);
  }

  private static Rows masked(NDArray logits, NDArray labels, Shape values, long ignoredLabel) {
    NDArray ignored =
        labels.getManager().full(new Shape(1), (float) ignoredLabel, labels.getDataType());
    NDArray isPresent = labels.neq(ignored);
    // Chosen, not multiplied: an ignored row may hold NaN.
    NDArray column = isPresent.reshape(new Shape(labels.size(), 1));
    NDArray kept =
        NDArrays.where(
            column.broadcast(logits.getShape()), logits, logits.stopGradient().zerosLike());
    NDArray numbers = NDArrays.where(isPresent, labels, labels.zerosLike());
    NDArray present = isPresent.toType(logits.getDataType(), false).reshape(labels.size());
    return new Rows(kept, numbers, present, values);
  }

  private Shape without(Shape shape) {
    return new Shape(
        IntStream.range(0, shape.dimension())
            .filter(axis -> axis != classAxis)
            .mapToLong(shape::get)
            .toArray());
  }

  private NDArray classLast(NDArray array) {
    int axes = array.getShape().dimension();
    if (classAxis == axes - 1) {
      return array;
    }
    int[] order =
        IntStream.concat(
                IntStream.range(0, axes).filter(axis -> axis != classAxis), IntStream.of(classAxis))
            .toArray();
    return array.transpose(order);
  }
}
