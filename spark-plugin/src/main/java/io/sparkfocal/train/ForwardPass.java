package io.sparkfocal.train;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logits of all rows of a shard, in batches that memory suffices for: where it does not, the
 * same rows are taken in halves, and later batches are as small.
 *
 * <p>Ranks decide alone, since they exchange nothing here.
 */
final class ForwardPass {

  private static final Logger LOG = LoggerFactory.getLogger(ForwardPass.class);

  private final Block network;
  private final NetworkInput input;
  private final int classes;
  private final NDManager manager;
  private long batchRows;

  /**
   * Of a network.
   *
   * @param classes how many the labels have
   * @param batchRows how many rows are taken at once at most
   */
  ForwardPass(
      Block network, FlatParameters parameters, int classes, long batchRows, NDManager manager) {
    this.network = network;
    this.input = new NetworkInput(network, parameters, manager.getDevice());
    this.classes = classes;
    this.manager = manager;
    this.batchRows = batchRows;
  }

  /** What sees the logits. */
  interface Visitor {

    /**
     * Some rows, in the order of the shard; what is made here is freed after it. A call that fails
     * for want of memory has changed nothing: the rows come again.
     *
     * @param logits shape (b, outputs)
     */
    void visit(NDArray logits, Batch rows);

    /** How many rows the next call can take at most, at least 1. */
    default long room() {
      return Long.MAX_VALUE;
    }

    /** After each part of a batch, when its memory is free. */
    default void afterPart() {}
  }

  /**
   * Shows all rows.
   *
   * @param beforeBatch throws to end the pass
   * @param betweenBatches while the next batch may be on its way
   */
  void forEach(Shard rows, Runnable beforeBatch, Runnable betweenBatches, Visitor visitor) {
    batchRows = Math.min(batchRows, input.rowsToEvaluate(rows, classes));
    long done = 0;
    while (done < rows.rows()) {
      try (Batches batches = rows.ordered()) {
        batches.skip(done);
        done += forEach(batches, rows.rows() - done, beforeBatch, betweenBatches, visitor);
      }
    }
  }

  /** Until all rows are seen, or memory does not suffice to bring them; returns how many were. */
  private long forEach(
      Batches batches, long rows, Runnable beforeBatch, Runnable betweenBatches, Visitor visitor) {
    ParameterStore store = new ParameterStore(manager, false);
    long done = 0;
    while (done < rows) {
      beforeBatch.run();
      int count = (int) Math.min(batchRows, rows - done);
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        Batch batch;
        try {
          batch = batches.next(count);
        } catch (EngineException e) {
          takeFewerRows(e, count);
          return done;
        }
        visitParts(batch, count, store, visitor);
      }
      done += count;
      int next = (int) Math.min(batchRows, rows - done);
      if (next > 0) {
        try {
          batches.expect(next);
        } catch (EngineException e) {
          takeFewerRows(e, next);
          return done;
        }
        betweenBatches.run();
      }
    }
    return done;
  }

  /** Each part of a batch: the whole, if memory suffices for it. */
  private void visitParts(Batch batch, int count, ParameterStore store, Visitor visitor) {
    int done = 0;
    while (done < count) {
      int most = (int) Math.min(batchRows, count - done);
      int part = (int) Math.min(most, visitor.room());
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        Batch rows = part == count ? batch : batch.rows(done, done + part);
        visitor.visit(network.forward(store, input.of(rows), false).singletonOrThrow(), rows);
        done += part;
      } catch (EngineException e) {
        takeFewerRows(e, most);
      }
      visitor.afterPart();
    }
  }

  private void takeFewerRows(EngineException failure, int rows) {
    if (!OutOfMemory.isCause(failure)) {
      throw failure;
    }
    OutOfMemory.freeCache();
    if (rows <= 1) {
      throw new MemoryException(
          "Memory does not suffice to evaluate a single validation row; use a smaller network or a"
              + " device with more memory: "
              + OutOfMemory.firstLine(failure),
          failure);
    }
    batchRows = rows / 2;
    LOG.warn(
        "Memory does not suffice to evaluate {} validation rows at once; {} are taken from now on:"
            + " {}",
        rows,
        batchRows,
        OutOfMemory.firstLine(failure));
  }
}
