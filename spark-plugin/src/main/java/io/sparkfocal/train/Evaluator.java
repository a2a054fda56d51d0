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
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.ReducedLoss;
import io.sparkfocal.losses.Reduction;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Measures a network on the validation rows of all ranks. */
final class Evaluator {

  /** The first two values are sums, the others counts. */
  private static final int SUMS = 2;

  private final ForwardPass pass;
  private final AwaitedSum sums;
  private final LossKernel loss;
  private final Reduction reduction;
  private final NDManager manager;
  private final int classes;
  private final TensorLink link;
  private final ValidationMetric metric;
  private final RankTotals ranks;

  /** Null where the loss of a row depends on that row alone. */
  private final @Nullable LossRows together;

  /**
   * Of a network.
   *
   * @param couplesRows whether the loss of a row depends on the other rows that it is given; it is
   *     given the same ones then, whatever memory suffices for
   * @param link from logits to probabilities
   * @param metric what chooses the best epoch
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
      LogitLink link,
      ValidationMetric metric,
      Duration betweenSigns) {
    this.pass = new ForwardPass(network, parameters, classes, EvaluationBatch.MOST_ROWS, manager);
    this.sums = new AwaitedSum(3 * values(classes), collective, manager, betweenSigns);
    this.loss = loss;
    this.reduction = reduction;
    this.manager = manager;
    this.classes = classes;
    this.link = new TensorLink(link, manager);
    this.metric = metric;
    this.ranks = new RankTotals(collective, manager);
    this.together =
        couplesRows ? new LossRows(EvaluationBatch.rowsOfLoss(network, classes), manager) : null;
  }

  private static int values(int classes) {
    return SUMS + 2 * classes;
  }

  /**
   * The rows of this and all other ranks; every rank gets the same answer.
   *
   * @param beforeBatch throws to end the evaluation
   */
  Evaluation evaluate(Shard rows, Runnable beforeBatch) {
    sums.begin();
    RowMeasure chosen =
        link.onHost().isMultilabel()
            ? new LabelHits(metric, link.onHost(), classes)
            : RowMeasure.of(metric, link, classes);
    double[] own = measure(rows, chosen, beforeBatch);
    double[] all = whole(sums.await(parts(own), beforeBatch));
    double[] classRows = new double[classes];
    double[] classHits = new double[classes];
    System.arraycopy(all, SUMS, classRows, 0, classes);
    System.arraycopy(all, SUMS + classes, classHits, 0, classes);
    double meanLoss = all[0] / Math.max(all[1], Float.MIN_NORMAL);
    if (chosen instanceof LabelHits labels) {
      return labels.evaluation(meanLoss, ranks);
    }
    return Evaluation.of(metric, meanLoss, classRows, classHits, chosen.overRanks(ranks));
  }

  /** Loss sum, weight sum, rows of each class, hits of each class; read from the device once. */
  private double[] measure(Shard rows, RowMeasure chosen, Runnable beforeBatch) {
    try (together;
        NDArray classIds = manager.arange(0, classes, 1, DataType.INT64);
        NDArray totals = manager.zeros(new Shape(values(classes)), DataType.FLOAT64)) {
      Totals all = new Totals(chosen, classIds, totals);
      pass.forEach(
          rows,
          beforeBatch,
          sums::signIfDue,
          together == null ? all::add : new Groups(together, all));
      addTogether(all);
      return TensorCopy.doubles(totals);
    }
  }

  /** What is measured so far. */
  private final class Totals {

    private final RowMeasure chosen;
    private final NDArray classIds;
    private final NDArray sums;

    Totals(RowMeasure chosen, NDArray classIds, NDArray sums) {
      this.chosen = chosen;
      this.classIds = classIds;
      this.sums = sums;
    }

    /** All of it or nothing, if memory does not suffice. */
    void add(NDArray logits, Batch batch) {
      Runnable rest = read(logits, batch);
      sums.addi(measure(logits, batch, classIds));
      rest.run();
    }

    private Runnable read(NDArray logits, Batch batch) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        return chosen.read(logits, batch);
      }
    }
  }

  /** Measures rows that the loss sees at once. */
  private final class Groups implements ForwardPass.Visitor {

    private final LossRows rows;
    private final Totals totals;

    Groups(LossRows rows, Totals totals) {
      this.rows = rows;
      this.totals = totals;
    }

    @Override
    public void visit(NDArray logits, Batch batch) {
      rows.add(logits, batch);
    }

    @Override
    public long room() {
      return rows.room();
    }

    @Override
    public void afterPart() {
      if (rows.room() == 0) {
        addTogether(totals);
      }
    }
  }

  /** Adds what is measured on rows that the loss sees at once, if there are any. */
  private void addTogether(Totals totals) {
    if (together == null || together.isEmpty()) {
      return;
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Batch rows = together.together();
      totals.add(rows.features(), rows);
    } catch (EngineException e) {
      if (!OutOfMemory.isCause(e)) {
        throw e;
      }
      throw new MemoryException(
          "Memory does not suffice for a loss that sees many validation rows at once; use a loss of"
              + " each row alone, such as focal, or a device with more memory: "
              + OutOfMemory.firstLine(e),
          e);
    }
    together.close();
  }

  /** Of one batch; its counts are exact, being below 2^24. */
  private NDArray measure(NDArray logits, Batch batch, NDArray classIds) {
    NDArray labels = batch.labels();
    ReducedLoss reduced =
        reduction.reduce(loss.evaluate(logits, labels, batch.weights()), batch.weights());
    if (link.onHost().isMultilabel()) {
      // The labels are counted on the host.
      return NDArrays.concat(
          new NDList(
              doubles(reduced.sum()),
              doubles(reduced.weight()),
              manager.zeros(new Shape(2L * classes), DataType.FLOAT64)));
    }
    NDArray hit = link.predicted(logits).eq(labels);
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

  /**
   * For a sum over ranks in float32: a sum as two floats of 24 bits, a count as three digits of 12
   * bits, which stays exact for up to 4,096 ranks and 2^36 rows.
   */
  private static float[] parts(double[] values) {
    float[] parts = new float[3 * values.length];
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
    return parts;
  }

  private double[] whole(float[] parts) {
    double[] all = new double[values(classes)];
    for (int i = 0; i < all.length; i++) {
      all[i] =
          i < SUMS
              ? (double) parts[3 * i] + parts[3 * i + 1]
              : parts[3 * i] * 0x1p24 + parts[3 * i + 1] * 0x1p12 + parts[3 * i + 2];
    }
    return all;
  }
}
