package io.sparkfocal.data;

/**
 * A row that cannot be trained on or scored, in one sentence: it would be refused again, which
 * other exceptions of the same type that a source of rows throws may not be.
 */
public final class BadRowException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** With that sentence. */
  public BadRowException(String sentence) {
    super(sentence);
  }
}
