package io.sparkfocal.train;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.ReducedLoss;
import io.sparkfocal.losses.Reduction;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures a network on the validation rows of all ranks. */
final class Evaluator {

  private static final Logger LOG = LoggerFactory.getLogger(Evaluator.class);

  private static final Duration MOST_BETWEEN_SIGNS = Duration.ofSeconds(5);
  private static final int SIGNS_IN_A_WAIT = 4;

  /** The first two values are sums, the others counts. */
  private static final int SUMS = 2;

  private final Block network;
  private final FlatParameters parameters;
  private final LossKernel loss;
  private final Reduction reduction;
  private final TensorCollective collective;
  private final NDManager manager;
  private final int classes;
  private final @Nullable NDArray offsets;
  private final Duration betweenSigns;

  /** Null where the loss of a row depends on that row alone. */
  private final @Nullable LossRows together;

  private long lastSign;
  private long batchRows;

  /**
   * Of a network.
   *
   * @param couplesRows whether the loss of a row depends on the other rows that it is given; it is
   *     given the same ones then, whatever memory suffices for
   * @param betweenSigns after how long a rank that still measures tells the others so
   */
  Evaluator(
      Block network,
      FlatParameters parameters,
      LossKernel loss,
      boolean couplesRows,
      Reduction reduction,
      TensorCollective collective,
      NDManager manager,
      int classes,
      float[] offsets,
      Duration betweenSigns) {
    this.network = network;
    this.parameters = parameters;
    this.loss = loss;
    this.reduction = reduction;
    this.collective = collective;
    this.manager = manager;
    this.classes = classes;
    this.offsets = offsets.length == 0 ? null : manager.create(offsets);
    this.betweenSigns = betweenSigns;
    this.together =
        couplesRows ? new LossRows(EvaluationBatch.rowsOfLoss(network, classes), manager) : null;
    this.batchRows = EvaluationBatch.rows(network, classes, manager.getDevice());
  }

  /** Well within the time that a rank waits for another. */
  static Duration betweenSigns(Duration timeout) {
    Duration part = timeout.dividedBy(SIGNS_IN_A_WAIT);
    return part.compareTo(MOST_BETWEEN_SIGNS) < 0 ? part : MOST_BETWEEN_SIGNS;
  }

  /**
   * The rows of this and all other ranks; every rank gets the same answer.
   *
   * <p>One rank may have most of the rows, and the others wait for it longer than for any step. So
   * the sum over ranks is asked for again and again until all have measured their rows: a rank that
   * still measures takes part between two batches, every few seconds, with nothing but that. What
   * is timed is a batch and no evaluation.
   *
   * @param beforeBatch throws to end the evaluation
   */
  Evaluation evaluate(Shard rows, Runnable beforeBatch) {
    lastSign = System.nanoTime();
    double[] own = measure(rows, beforeBatch);
    double[] all = sumOverRanks(own, true);
    while (all.length == 0) {
      beforeBatch.run();
      all = sumOverRanks(own, true);
    }
    double[] classRows = new double[classes];
    double[] classHits = new double[classes];
    System.arraycopy(all, SUMS, classRows, 0, classes);
    System.arraycopy(all, SUMS + classes, classHits, 0, classes);
    return Evaluation.of(all[0] / Math.max(all[1], Float.MIN_NORMAL), classRows, classHits);
  }

  /** Loss sum, weight sum, rows of each class, hits of each class; read from the device once. */
  private double[] measure(Shard rows, Runnable beforeBatch) {
    ParameterStore store = new ParameterStore(manager, false);
    try (together;
        NDArray classIds = manager.arange(0, classes, 1, DataType.INT64);
        NDArray totals = manager.zeros(new Shape(SUMS + 2L * classes), DataType.FLOAT64)) {
      long done = 0;
      while (done < rows.rows()) {
        try (Batches batches = rows.ordered()) {
          batches.skip(done);
          done +=
              forEachBatch(
                  batches,
                  rows.rows() - done,
                  beforeBatch,
                  (batch, count) -> addParts(batch, count, classIds, store, totals));
        }
      }
      addTogether(classIds, totals);
      return TensorCopy.doubles(totals);
    }
  }

  private void signIfDue() {
    if (collective.world() > 1 && System.nanoTime() - lastSign >= betweenSigns.toNanos()) {
      sumOverRanks(new double[SUMS + 2 * classes], false);
      lastSign = System.nanoTime();
    }
  }

  private interface Visitor {

    void visit(Batch batch, int rows);
  }

  /** Until all rows are seen, or memory does not suffice to bring them; returns how many were. */
  private long forEachBatch(Batches batches, long rows, Runnable beforeBatch, Visitor visitor) {
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
        visitor.visit(batch, count);
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
        signIfDue();
      }
    }
    return done;
  }

  /**
   * Adds what is measured on each part of a batch: on the whole, if memory suffices for it.
   *
   * <p>Ranks decide alone, since they exchange nothing here.
   */
  private void addParts(
      Batch batch, int count, NDArray classIds, ParameterStore store, NDArray totals) {
    int done = 0;
    while (done < count) {
      int most = (int) Math.min(batchRows, count - done);
      int part = together == null ? most : (int) Math.min(most, together.room());
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        Batch rows = part == count ? batch : batch.rows(done, done + part);
        NDList input = new NDList(parameters.input(rows.features()));
        NDArray logits = network.forward(store, input, false).singletonOrThrow();
        if (together == null) {
          totals.addi(measure(logits, rows, classIds));
        } else {
          together.add(logits, rows);
        }
        done += part;
      } catch (EngineException e) {
        takeFewerRows(e, most);
      }
      if (together != null && together.room() == 0) {
        addTogether(classIds, totals);
      }
    }
  }

  /** Adds what is measured on rows that the loss sees at once, if there are any. */
  private void addTogether(NDArray classIds, NDArray totals) {
    if (together == null || together.isEmpty()) {
      return;
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Batch rows = together.together();
      totals.addi(measure(rows.features(), rows, classIds));
    } catch (EngineException e) {
      if (!OutOfMemory.isCause(e)) {
        throw e;
      }
      throw new MemoryException(
          "Memory does not suffice for a loss that sees many validation rows at once; use a loss of each row alone, such as focal, or a device with more memory: "
              + OutOfMemory.firstLine(e),
          e);
    }
    together.close();
  }

  private void takeFewerRows(EngineException failure, int rows) {
    if (!OutOfMemory.isCause(failure)) {
      throw failure;
    }
    OutOfMemory.freeCache();
    if (rows <= 1) {
      throw new MemoryException(
          "Memory does not suffice to evaluate a single validation row; use a smaller network or a device with more memory: "
              + OutOfMemory.firstLine(failure),
          failure);
    }
    batchRows = rows / 2;
    LOG.warn(
        "Memory does not suffice to evaluate {} validation rows at once; {} are taken from now on: {}",
        rows,
        batchRows,
        OutOfMemory.firstLine(failure));
  }

  /** Of one batch; its counts are exact, being below 2^24. */
  private NDArray measure(NDArray logits, Batch batch, NDArray classIds) {
    NDArray labels = batch.labels();
    ReducedLoss reduced =
        reduction.reduce(loss.evaluate(logits, labels, batch.weights()), batch.weights());
    NDArray hit = predicted(offsets == null ? logits : logits.add(offsets)).eq(labels);
    NDArray member = labels.reshape(-1, 1).eq(classIds).toType(DataType.FLOAT32, false);
    NDArray members = member.sum(new int[] {0});
    NDArray hits =
        hit.toType(DataType.FLOAT32, false).reshape(1, -1).matMul(member).reshape(classes);
    return NDArrays.concat(
        new NDList(
            doubles(reduced.sum()), doubles(reduced.weight()), doubles(members), doubles(hits)));
  }

  private static NDArray doubles(NDArray values) {
    return values.reshape(-1).toType(DataType.FLOAT64, false);
  }

  private static NDArray predicted(NDArray logits) {
    // Zeros made on the device, since a number of Java would be copied to it.
    return logits.getShape().get(1) == 1
        ? logits.gt(logits.zerosLike()).toType(DataType.INT64, false).reshape(-1)
        : logits.argMax(1);
  }

  /**
   * Sums over ranks in float32: a sum as two floats of 24 bits, a count as three digits of 12 bits,
   * which stays exact for up to 4,096 ranks and 2^36 rows.
   *
   * @param done whether the values are those of all rows of this rank
   * @return empty unless those of every rank are
   */
  private double[] sumOverRanks(double[] values, boolean done) {
    float[] parts = new float[3 * values.length + 1];
    parts[3 * values.length] = done ? 1 : 0;
    for (int i = 0; i < values.length; i++) {
      if (i < SUMS) {
        parts[3 * i] = (float) values[i];
        parts[3 * i + 1] = (float) (values[i] - parts[3 * i]);
      } else {
        long count = (long) values[i];
        parts[3 * i] = (float) (count >>> 24);
        parts[3 * i + 1] = (float) (count >>> 12 & 0xFFF);
        parts[3 * i + 2] = (float) (count & 0xFFF);
      }
    }
    try (NDArray tensor = manager.create(parts)) {
      collective.allReduce(tensor);
      float[] sums = TensorCopy.floats(tensor);
      collective.confirm();
      if (sums[3 * values.length] != collective.world()) {
        return new double[0];
      }
      double[] all = new double[values.length];
      for (int i = 0; i < all.length; i++) {
        all[i] =
            i < SUMS
                ? (double) sums[3 * i] + sums[3 * i + 1]
                : sums[3 * i] * 0x1p24 + sums[3 * i + 1] * 0x1p12 + sums[3 * i + 2];
      }
      return all;
    }
  }
}
