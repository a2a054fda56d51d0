package io.sparkfocal.train;

import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.losses.Autograd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The logits of a rank's validation rows, on the host, as often as they are asked for: kept where
 * they fit {@value #KEPT_BYTES} bytes, else computed again.
 */
public final class LogitPasses {

  private static final long KEPT_BYTES = 16L << 20;

  /** Of logits that are read back at once. */
  private static final long READ_BYTES = 64L << 20;

  private final Shard rows;
  private final NDManager manager;
  private final AwaitedSum sums;
  private final Runnable beforeBatch;
  private final List<LogitRows> kept = new ArrayList<>();
  private @Nullable ForwardPass pass;
  private final int beside;
  private boolean isKept;

  /**
   * Of a rank.
   *
   * @param labels of a row
   * @param timeout how long a rank waits for another in the collective
   * @param beforeBatch throws to end a pass
   */
  public LogitPasses(
      Shard rows,
      int labels,
      TensorCollective collective,
      Duration timeout,
      Runnable beforeBatch,
      NDManager manager) {
    this.rows = rows;
    this.beside = LogitRows.beside(labels);
    this.manager = manager;
    this.sums = new AwaitedSum(1, collective, manager, AwaitedSum.betweenSigns(timeout));
    this.beforeBatch = beforeBatch;
    sums.begin();
  }

  /** Sets the network whose logits are shown. */
  public void over(Block network, FlatParameters parameters, int classes) {
    long outputs = EvaluationBatch.values(network.getOutputShapes(network.getInputShapes()));
    long batchRows = Math.max(1, READ_BYTES / Float.BYTES / (outputs + beside));
    pass = new ForwardPass(network, parameters, classes, batchRows, manager);
  }

  /** What sees a row. */
  public interface Visitor {

    /**
     * A row.
     *
     * @param values where its logits begin at {@code from}, and behind them its label or labels;
     *     good until this returns
     * @param label the class of a row that has one
     */
    void row(float[] values, int from, int outputs, int label, double weight);
  }

  /**
   * Shows all rows of this rank, in the same order each time.
   *
   * @throws NullPointerException before {@link #over}
   * @throws MemoryException if memory does not suffice for a single row
   */
  public void forEach(int outputs, Visitor visitor) {
    if (isKept) {
      for (LogitRows values : kept) {
        working();
        values.forEach(visitor);
      }
      return;
    }
    boolean keeps = rows.rows() <= KEPT_BYTES / Float.BYTES / (outputs + beside);
    ForwardPass forward = Objects.requireNonNull(pass);
    Autograd.unrecorded(
        () -> {
          forward.forEach(
              rows,
              beforeBatch,
              sums::signIfDue,
              (logits, batch) -> {
                LogitRows values = LogitRows.of(logits, batch);
                if (keeps) {
                  kept.add(values);
                }
                values.forEach(visitor);
              });
          return null;
        });
    isKept = keeps;
  }

  /** Tells ranks that wait that this one still works; throws if it shall not. */
  public void working() {
    beforeBatch.run();
    sums.signIfDue();
  }

  /**
   * Waits until every rank has come here.
   *
   * @param hasFailed whether this rank cannot go on
   * @return how many ranks cannot
   */
  public int awaitAll(boolean hasFailed) {
    float failed = sums.await(new float[] {hasFailed ? 1 : 0}, beforeBatch)[0];
    sums.begin();
    return Math.round(failed);
  }
}
