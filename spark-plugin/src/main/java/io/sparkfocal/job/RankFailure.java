package io.sparkfocal.job;

import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.train.DivergedException;
import io.sparkfocal.train.MemoryException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.util.ShutdownHookManager;
import org.jspecify.annotations.Nullable;

/**
 * Why a rank failed, in one sentence that names it; thrown in a task, and found again in Spark's
 * account of the failed stage, which keeps text only.
 */
final class RankFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final Pattern IN_REPORT =
      Pattern.compile(Pattern.quote(RankFailure.class.getName()) + ": (\\w+): ([^\\n]*)");

  /** Decides which exception the user gets, and whether the run is tried again. */
  private enum Kind {
    /** Bad input: would fail again. */
    INPUT,
    /** What would fail again without being bad input. */
    PERMANENT,
    /** What may go well another time. */
    TRANSIENT
  }

  private RankFailure(Kind kind, String sentence, Throwable cause) {
    super(kind + ": " + sentence.replace('\n', ' '), cause);
  }

  private RankFailure(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * The failure of a rank, for Spark to report; that of another rank, if this one only heard of it.
   */
  static RankFailure of(RankName rank, Throwable cause) {
    if (cause instanceof CollectiveException && isReport(String.valueOf(cause.getMessage()))) {
      return new RankFailure(String.valueOf(cause.getMessage()), cause);
    }
    String where = rank + ": ";
    if (cause instanceof IllegalArgumentException) {
      return new RankFailure(Kind.INPUT, where + cause.getMessage(), cause);
    }
    if (cause instanceof ArithmeticException) {
      return new RankFailure(Kind.PERMANENT, where + overflow(cause), cause);
    }
    boolean permanent =
        cause instanceof DivergedException
            || cause instanceof MemoryException
            || cause instanceof LinkageError
            || isMistakeInCode(cause);
    String sentence = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new RankFailure(permanent ? Kind.PERMANENT : Kind.TRANSIENT, where + sentence, cause);
  }

  /** What Java throws at a mistake in a loss or a network, unless a source or a shutdown is why. */
  private static boolean isMistakeInCode(Throwable failure) {
    return (failure instanceof NullPointerException
            || failure instanceof ClassCastException
            || failure instanceof IndexOutOfBoundsException
            || failure instanceof UnsupportedOperationException)
        && !PassingFailure.is(failure)
        && !ShutdownHookManager.inShutdown();
  }

  /** The Java runtime says only what happened, so the place is what helps. */
  static String overflow(Throwable failure) {
    String place =
        Arrays.stream(failure.getStackTrace())
            .filter(frame -> !frame.getClassName().startsWith("java."))
            .findFirst()
            .map(frame -> " in " + frame.getClassName() + "." + frame.getMethodName())
            .orElse("");
    return "A size is larger than can be computed with (%s%s); use fewer features, a smaller network or smaller batches."
        .formatted(failure.getMessage(), place);
  }

  private static boolean isReport(String message) {
    return Arrays.stream(Kind.values()).anyMatch(kind -> message.startsWith(kind + ": Rank "));
  }

  /**
   * The exception for the user, if a rank's failure is in Spark's account.
   *
   * @return {@code IllegalArgumentException} for bad input, {@link TrainingException} for the rest,
   *     null if no rank reported
   */
  static @Nullable RuntimeException inReport(Throwable report) {
    Matcher matcher = IN_REPORT.matcher(String.valueOf(report.getMessage()));
    if (!matcher.find()) {
      return null;
    }
    Kind kind = Kind.valueOf(matcher.group(1));
    return kind == Kind.INPUT
        ? new IllegalArgumentException(matcher.group(2), report)
        : new TrainingException(matcher.group(2), report, kind == Kind.PERMANENT);
  }
}
