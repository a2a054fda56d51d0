package io.sparkfocal.job;

import org.jspecify.annotations.Nullable;

/** Training failed on an executor: the sentence names the rank, the host and the cause. */
public class TrainingException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean permanent;

  /** For the sentence of a rank, with Spark's report below it. */
  public TrainingException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  /** As above, and whether another attempt would fail like this one. */
  TrainingException(String message, @Nullable Throwable cause, boolean permanent) {
    super(message, cause);
    this.permanent = permanent;
  }

  /** Whether another attempt would fail like this one. */
  boolean isPermanent() {
    return permanent;
  }
}
