package io.sparkfocal.job;

import java.util.List;
import org.apache.spark.SparkException;
import org.apache.spark.SparkThrowable;
import org.apache.spark.util.ShutdownHookManager;

/**
 * A row of the input cannot be computed: the user's own function or an expression of the query
 * threw. It would throw again, so no other attempt is made.
 */
final class RowFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final String SENTENCE = "A row of the input cannot be computed: ";
  private static final String PYTHON = "Traceback (most recent call last)";
  private static final int DEEPEST_CAUSE = 50;

  private final boolean badValue;

  /** Of what was thrown while a row was computed. */
  RowFailure(Throwable cause) {
    super(SENTENCE + told(cause), cause);
    // An expression of Spark refused a value; what a function throws comes as a SparkException.
    this.badValue =
        cause instanceof IllegalArgumentException
            || (cause instanceof SparkThrowable && !(cause instanceof SparkException));
  }

  /** As text of Spark's account, where the exception itself could not travel. */
  RowFailure(String account) {
    super(SENTENCE + account);
    this.badValue = false;
  }

  /** Whether a value of the data is to blame, not a function of the user's. */
  boolean isBadValue() {
    return badValue;
  }

  /** The exception for the user, where no rank names itself. */
  RuntimeException forUser() {
    return badValue
        ? new IllegalArgumentException(getMessage(), getCause())
        : new TrainingException(String.valueOf(getMessage()), getCause(), true);
  }

  /** Whether what an iterator of rows threw may go well another time, or is told well already. */
  static boolean isLeftAlone(Throwable failure) {
    return failure instanceof IllegalArgumentException
        || failure instanceof LinkageError
        || PassingFailure.is(failure)
        // An executor that is told to end takes things away from tasks that still run.
        || ShutdownHookManager.inShutdown();
  }

  /** Its first line, and that of what lies behind it. */
  private static String told(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < DEEPEST_CAUSE; depth++) {
      root = root.getCause();
    }
    String own = line(failure);
    String behind = line(root);
    String message = String.valueOf(root.getMessage()).lines().findFirst().orElse("");
    return root == failure || own.contains(behind) || (!message.isEmpty() && own.contains(message))
        ? own
        : withoutStop(own) + ": " + behind;
  }

  private static String withoutStop(String sentence) {
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }

  private static String line(Throwable failure) {
    String message = String.valueOf(failure.getMessage()).strip();
    List<String> lines = message.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
    if (failure.getMessage() == null || lines.isEmpty()) {
      return failure.getClass().getName();
    }
    if (message.contains(PYTHON)) {
      return lines.get(lines.size() - 1);
    }
    return failure instanceof SparkThrowable
        ? lines.get(0)
        : failure.getClass().getName() + ": " + lines.get(0);
  }
}
