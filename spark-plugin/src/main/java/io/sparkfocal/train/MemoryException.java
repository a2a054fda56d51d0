package io.sparkfocal.train;

/** Memory does not suffice for the least that can be computed at once, in one sentence. */
public final class MemoryException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /** Such a failure. */
  public MemoryException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
