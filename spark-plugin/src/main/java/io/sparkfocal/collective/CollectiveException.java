package io.sparkfocal.collective;

/** An operation between ranks failed: a peer left, stalled, or the operations did not match. */
public class CollectiveException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** An operation failed for the reason given: one sentence naming the rank and the remedy. */
  public CollectiveException(String message) {
    super(message);
  }

  /** As above, with the failure below it. */
  public CollectiveException(String message, Throwable cause) {
    super(message, cause);
  }
}
