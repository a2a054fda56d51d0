package io.sparkfocal.job;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.AnalysisException;
import org.jspecify.annotations.Nullable;

/** Finds in Spark's account of a failed job what would fail again. */
final class StageFailure {

  private static final Pattern RESULTS =
      Pattern.compile(
          "Total size of serialized results of \\d+ tasks \\(([^)]*)\\) is bigger than (\\S+) \\(([^)]*)\\)");

  /** A task that Spark tried as often as it may; then what it threw, with its stack. */
  private static final Pattern TASK =
      Pattern.compile(
          "most recent failure: Lost task \\S+ in stage \\S+ \\(TID \\d+\\) \\(.*? executor [^)]*\\): ([^\\n]*)");

  /** The first lines of failures that are no exceptions, which have another cause each time. */
  private static final List<String> LOSSES =
      List.of("ExecutorLostFailure", "FetchFailed", "TaskResultLost", "TaskKilled", "Unknown");

  private static final Pattern CANCELLED =
      Pattern.compile(
          "Job \\d+ (was )?cancelled|Stage \\d+ (was )?cancelled|SparkContext was shut down");

  private static final int DEEPEST_CAUSE = 50;

  private StageFailure() {}

  /** The exception for the user where a job was cancelled; null where none was. */
  static @Nullable TrainingException cancelled(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      String message = String.valueOf(cause.getMessage());
      if (CANCELLED.matcher(message).find()) {
        return new TrainingException("The training job was cancelled: " + message, failure, true);
      }
      cause = cause.getCause();
    }
    return null;
  }

  /**
   * The exception for the user; null if it may go well another time, or nothing is known of it.
   *
   * @param failure of a job, or of the query that ran it
   */
  static @Nullable RuntimeException permanent(Throwable failure) {
    TrainingException cancelled = cancelled(failure);
    if (cancelled != null) {
      return cancelled;
    }
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      String message = String.valueOf(cause.getMessage());
      Matcher results = RESULTS.matcher(message);
      if (results.find()) {
        return new TrainingException(
            "The results of the tasks need %s, but %s is %s; start the application with a larger one, or with 0 for no limit."
                .formatted(results.group(1), results.group(2), results.group(3)),
            failure,
            true);
      }
      Matcher task = TASK.matcher(message);
      if (task.find()) {
        return ofTask(cause.getCause(), message.substring(task.start(1)), task.group(1));
      }
      if (PassingFailure.hasName(cause) && !(cause instanceof AnalysisException)) {
        // Spark 4 throws what a task threw as it is, if it is of its own kind.
        return ofTask(cause, message, message);
      }
      if (cause instanceof ArithmeticException) {
        return new TrainingException(RankFailure.overflow(cause), failure, true);
      }
      cause = cause.getCause();
    }
    return null;
  }

  /** The exception travels beside the account, unless it cannot be serialized. */
  private static @Nullable RuntimeException ofTask(
      @Nullable Throwable thrown, String account, String firstLine) {
    if (LOSSES.stream().anyMatch(firstLine::startsWith)) {
      return null;
    }
    if (thrown != null) {
      return RowFailure.isLeftAlone(thrown) && !(thrown instanceof IllegalArgumentException)
          ? null
          : new RowFailure(thrown).forUser();
    }
    return PassingFailure.is(account) ? null : new RowFailure(firstLine).forUser();
  }
}
