package io.sparkfocal.job;

import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The rows of a task, which end with an exception soon after it was cancelled; what the user's own
 * code throws at a row is a {@link RowFailure}.
 */
final class CancellableRows implements Iterator<InternalRow> {

  private static final long ROWS_BETWEEN_LOOKS = 1024;

  private final Iterator<InternalRow> rows;
  private final TaskContext context;
  private long taken;

  CancellableRows(Iterator<InternalRow> rows, TaskContext context) {
    this.rows = rows;
    this.context = context;
  }

  /** Looks once in a while whether the task was cancelled. */
  static void check(TaskContext context, long row) {
    if (row % ROWS_BETWEEN_LOOKS == 0) {
      context.killTaskIfInterrupted();
    }
  }

  /** Scala declares no exceptions, so any may come. */
  @Override
  @SuppressWarnings("CatchThrowable")
  public boolean hasNext() {
    try {
      return rows.hasNext();
    } catch (Throwable e) {
      if (RowFailure.isLeftAlone(e)) {
        throw e;
      }
      throw new RowFailure(e);
    }
  }

  @Override
  @SuppressWarnings("CatchThrowable")
  public InternalRow next() {
    check(context, taken++);
    try {
      return rows.next();
    } catch (Throwable e) {
      if (RowFailure.isLeftAlone(e)) {
        throw e;
      }
      throw new RowFailure(e);
    }
  }
}
