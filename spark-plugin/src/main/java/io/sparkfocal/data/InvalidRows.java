package io.sparkfocal.data;

/**
 * What is done with rows that have a missing feature (null or NaN), as Spark ML's handleInvalid.
 */
public enum InvalidRows {

  /** The first one ends the job with a sentence. */
  ERROR("error"),

  /** They are left out. */
  SKIP("skip"),

  /** A missing feature is a value of its own. */
  KEEP("keep");

  private final String label;

  InvalidRows(String label) {
    this.label = label;
  }

  /** The name that users write. */
  public String label() {
    return label;
  }

  /**
   * The one of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static InvalidRows of(String label) {
    for (InvalidRows one : values()) {
      if (one.label.equals(label)) {
        return one;
      }
    }
    throw new IllegalArgumentException(
        "handleInvalid is \"%s\"; it must be error, skip or keep.".formatted(label));
  }
}
