package io.sparkfocal.ml;

import java.util.Iterator;
import java.util.stream.Stream;

/**
 * Whether the calling thread trains a fold of Spark's {@code CrossValidator} or {@code
 * TrainValidationSplit}.
 *
 * <p>Neither tells an estimator so, by params or by properties of the job, and the rows of a fold
 * look like any others; but both call {@code fit} from their own code, on the thread that trains,
 * whatever their parallelism and however many pipelines lie between. So the stack tells.
 */
final class TuningFold {

  private static final String TUNING = "org.apache.spark.ml.tuning.";

  /** Runs the whole of their {@code fit}, of which the last fit on all rows is a direct part. */
  private static final String INSTRUMENTATION = "org.apache.spark.ml.util.Instrumentation";

  private TuningFold() {}

  /** Whether it does; the last fit, on all rows with the best params, is none. */
  static boolean isCurrent() {
    return StackWalker.getInstance()
        .walk(frames -> isFold(frames.map(StackWalker.StackFrame::getClassName)));
  }

  /**
   * As above.
   *
   * @param classNames of the frames, the innermost first
   */
  static boolean isFold(Stream<String> classNames) {
    boolean tuning = false;
    for (Iterator<String> names = classNames.iterator(); names.hasNext(); ) {
      String name = names.next();
      if (tuning && !name.startsWith(TUNING)) {
        return !name.startsWith(INSTRUMENTATION);
      }
      tuning |= name.startsWith(TUNING);
    }
    return tuning;
  }
}
