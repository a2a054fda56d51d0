package io.sparkfocal.data;

/** How the label of a row lies in its column. */
public enum LabelForm {
  /** A number: its class. */
  CLASS,
  /** An array of numbers: several labels, each from 0 to 1. */
  ARRAY,
  /** A vector: as above. */
  VECTOR;

  /** Whether a row has several labels. */
  public boolean isMultilabel() {
    return this != CLASS;
  }
}
