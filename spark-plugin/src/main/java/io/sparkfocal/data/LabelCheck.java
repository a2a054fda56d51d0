package io.sparkfocal.data;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What a label and a weight must be.
 *
 * @param label name of the label column
 * @param weight name of the weight column; null if there is none
 */
record LabelCheck(String label, @Nullable String weight) implements Serializable {

  /** As many classes as a network's last layer can sensibly have. */
  static final int MOST_CLASSES = 100_000;

  /** The label as a class number, or one sentence against it. */
  int classOf(boolean isNull, double value) {
    if (isNull) {
      throw new BadRowException(
          "Column \"" + label + "\" has a null label; drop or fill such rows before fit().");
    }
    if (!(value >= 0) || value != Math.rint(value) || value >= MOST_CLASSES) {
      throw new BadRowException(
          "Column \"%s\" has the label %s; labels must be whole numbers from 0 to %s, for instance from StringIndexer."
              .formatted(label, value, MOST_CLASSES - 1));
    }
    return (int) value;
  }

  /** One of several labels of a row as a float, or one sentence against it. */
  float targetOf(double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new BadRowException(
          "Column \"%s\" has a row with the label %s among several; each must be 0 or 1, or a probability between."
              .formatted(label, value));
    }
    return (float) value + 0.0f;
  }

  /** Against a row without labels, or with null among them. */
  BadRowException noTargets() {
    return new BadRowException(
        "Column \"%s\" has a row whose labels are null or none; drop or fill such rows before fit()."
            .formatted(label));
  }

  /** Requires some labels, and not too many. */
  void requireLabels(int count) {
    if (count == 0) {
      throw noTargets();
    }
    if (count > MOST_CLASSES) {
      throw new BadRowException(
          "Column \"%s\" has a row with %s labels; use at most %s."
              .formatted(label, count, MOST_CLASSES));
    }
  }

  /** Requires as many labels as other rows have. */
  void requireTargets(int count, int expected) {
    if (count != expected) {
      throw new BadRowException(
          "Column \"%s\" has rows with %s labels and rows with %s; give every row the same number."
              .formatted(label, expected, count));
    }
  }

  /** The weight as a float, or one sentence against it. */
  float weightOf(boolean isNull, double value) {
    if (isNull || !(value >= 0) || value > Float.MAX_VALUE) {
      throw new BadRowException(
          "Column \"%s\" has the weight %s; weights must be finite and at least 0."
              .formatted(weight, isNull ? "null" : Double.toString(value)));
    }
    // Not -0.0, which is the same weight in other bits.
    return (float) value + 0.0f;
  }
}
