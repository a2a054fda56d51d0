package io.sparkfocal.job;

/** Training failed on an executor: the sentence names the rank, the host and the cause. */
public final class TrainingException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** For the sentence of a rank, with Spark's report below it. */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
