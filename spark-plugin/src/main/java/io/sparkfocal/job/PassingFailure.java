package io.sparkfocal.job;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkException;
import org.apache.spark.SparkThrowable;
import org.apache.spark.TaskKilledException;
import org.apache.spark.shuffle.FetchFailedException;

/** Tells what may go well another time from what a task would throw again. */
final class PassingFailure {

  /** What Spark itself, a file system, a network or a database may do better another time. */
  private static final List<Class<? extends Throwable>> TYPES =
      List.of(
          FetchFailedException.class,
          TaskKilledException.class,
          InterruptedException.class,
          IOException.class,
          SQLException.class,
          TimeoutException.class,
          OutOfMemoryError.class,
          InternalError.class);

  /** Names of the above, in a stack trace. */
  private static final Pattern NAMED_TYPES =
      Pattern.compile(
          "(?m)^(Caused by: )?(java\\.(io|net|nio|sql)\\.\\S*|\\S*(IOException|FetchFailedException|TaskKilledException|InterruptedException|TimeoutException|OutOfMemoryError))(:|$)");

  /** Below its frames a source of data reads; nothing of the query is computed there. */
  private static final Pattern SOURCE =
      Pattern.compile(
          "org\\.apache\\.spark\\.([a-z0-9]+\\.)*(FileScanRDD|DataSourceRDD|JDBCRDD|HadoopRDD|NewHadoopRDD)\\b(?!\\$(New)?HadoopMapPartitions).*");

  /** As a line of a stack trace. */
  private static final Pattern SOURCE_LINE =
      Pattern.compile("(?m)^\\s+at ([^/\\n]*/)?" + SOURCE.pattern());

  /** The name of an error in Spark's own list, not the number of an issue. */
  private static final Pattern NAME =
      Pattern.compile("^\\[(?!SPARK-\\d+])[A-Z][A-Z0-9_]*(\\.[A-Z0-9_]+)*]");

  /** The same, behind the type of an exception in a stack trace. */
  private static final Pattern NAMED_LINE =
      Pattern.compile(
          "(?m)^(?:Caused by: )?\\S+: (\\[(?!SPARK-\\d+])[A-Z][A-Z0-9_]*(?:\\.[A-Z0-9_]+)*])");

  private static final String BUG = "[INTERNAL_ERROR";

  /** Names that say nothing of what lies behind them. */
  private static final List<String> WRAPPERS = List.of(BUG, "[FAILED_READ_FILE");

  /** Some readers throw an IOException at a record that cannot be read. */
  private static final String BAD_RECORD = "[MALFORMED_RECORD";

  private static final int DEEPEST_CAUSE = 50;

  private PassingFailure() {}

  /** Whether Spark's list of errors has a name for it. */
  static boolean hasName(Throwable failure) {
    return failure instanceof SparkThrowable && NAME.matcher(message(failure)).find();
  }

  /** Whether it may go well another time. */
  static boolean is(Throwable failure) {
    boolean named = false;
    boolean ofCoreOrSource = false;
    boolean byType = false;
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST_CAUSE; depth++) {
      Throwable looked = cause;
      byType |= TYPES.stream().anyMatch(type -> type.isInstance(looked));
      if (hasName(cause)) {
        String message = message(cause);
        if (message.startsWith(BAD_RECORD)) {
          return false;
        }
        named |= WRAPPERS.stream().noneMatch(message::startsWith);
        ofCoreOrSource |= message.startsWith(BUG);
      } else {
        // Blocks that are lost, and what else Spark's core says of itself, has no name.
        ofCoreOrSource |= cause instanceof SparkException && cause.getCause() == null;
      }
      ofCoreOrSource |=
          Arrays.stream(cause.getStackTrace())
              .anyMatch(frame -> SOURCE.matcher(frame.getClassName()).matches());
      cause = cause.getCause();
    }
    return byType || (ofCoreOrSource && !named);
  }

  /** The same of a stack trace as text, where the exception itself could not travel. */
  static boolean is(String trace) {
    boolean named = false;
    Matcher names = NAMED_LINE.matcher(trace);
    while (names.find()) {
      String name = names.group(1);
      if (name.startsWith(BAD_RECORD)) {
        return false;
      }
      named |= WRAPPERS.stream().noneMatch(name::startsWith);
    }
    return NAMED_TYPES.matcher(trace).find() || (!named && SOURCE_LINE.matcher(trace).find());
  }

  private static String message(Throwable failure) {
    return String.valueOf(failure.getMessage());
  }
}
