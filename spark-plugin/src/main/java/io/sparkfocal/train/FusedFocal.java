package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.DeviceBuffer;
import io.sparkfocal.cuda.KernelArguments;
import io.sparkfocal.cuda.KernelModule;
import io.sparkfocal.losses.BatchLoss;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.RowLosses;
import io.sparkfocal.losses.SigmoidFocalLoss;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link FocalLoss} or {@link SigmoidFocalLoss} with its gradient and its sums in one launch, which
 * reads every logit and writes every gradient once.
 *
 * <p>The kernel is in {@code focal.cu}. What it does not take (targets for each logit, logits that
 * do not lie one after the other) goes to PyTorch's operations. Unlike with those, a label out of
 * range makes the values of its row NaN.
 */
final class FusedFocal implements LossKernel {

  private static final int WARP = 32;
  private static final int MOST_FACTORS = 6;
  private static final float LARGEST_HALF = 65_504;

  private final LossKernel composed;
  private final KernelModule module;
  private final int outputs;
  private final int lanes;
  private final DataType dataType;
  private final @Nullable LossScale scale;
  private final NDArray alphas;
  private final NDArray ended;

  private FusedFocal(
      LossKernel composed,
      int gpu,
      boolean sigmoid,
      float gamma,
      float[] alphas,
      int outputs,
      @Nullable LossScale scale,
      NDManager manager) {
    this.composed = composed;
    this.scale = scale;
    this.outputs = outputs;
    this.lanes = Math.min(WARP, Integer.highestOneBit(Math.max(1, 2 * outputs - 1)));
    this.dataType = scale == null ? DataType.FLOAT32 : DataType.FLOAT16;
    this.alphas = manager.create(alphas);
    this.ended = manager.zeros(new Shape(1), DataType.INT32);
    // Prepared inside a scope, they would be closed with the scope rather than with the manager.
    NDScope.unregister(this.alphas, this.ended);
    boolean isWhole = gamma == Math.rint(gamma) && gamma <= MOST_FACTORS;
    this.module =
        KernelModule.of(
            gpu,
            FusedFocal.class,
            "focal.cu",
            List.of(
                "CLASSES=" + outputs,
                "LANES=" + lanes,
                "SIGMOID=" + (sigmoid ? 1 : 0),
                "HALF=" + (dataType == DataType.FLOAT16 ? 1 : 0),
                "GAMMA=" + gamma + "f",
                "GAMMA_FACTORS=" + (isWhole ? (int) gamma : -1)));
  }

  /**
   * A loss in one launch; null if it is another loss.
   *
   * @param composed the same loss by PyTorch's operations
   * @param gpu number of the GPU, in this process, on which the logits will be
   * @param outputs logits of a row
   * @param scale makes logits and gradients float16, which {@link BatchLoss#gradients} are
   *     multiplied by; null for float32, which all else is in any case
   * @param manager owns the constants
   * @throws IllegalStateException if the kernel cannot be made
   */
  static @Nullable FusedFocal of(
      ClassificationLoss loss,
      LossKernel composed,
      int gpu,
      int outputs,
      @Nullable LossScale scale,
      NDManager manager) {
    if (loss instanceof FocalLoss focal && outputs > 1) {
      float[] alpha = focal.alpha();
      return alpha.length == 1 || alpha.length == outputs
          ? new FusedFocal(composed, gpu, false, focal.gamma(), alpha, outputs, scale, manager)
          : null;
    }
    return loss instanceof SigmoidFocalLoss focal
        ? new FusedFocal(
            composed, gpu, true, focal.gamma(), focal.weights(), outputs, scale, manager)
        : null;
  }

  @Override
  public RowLosses evaluate(NDArray logits, NDArray labels) {
    if (!takes(logits, labels)) {
      return composed.evaluate(logits, labels);
    }
    NDManager manager = logits.getManager();
    Shape rows = new Shape(logits.getShape().get(0));
    RowLosses found =
        new RowLosses(
            manager.create(rows, DataType.FLOAT32),
            manager.create(logits.getShape(), dataType),
            manager.create(rows, DataType.FLOAT32));
    KernelArguments arguments =
        inputs(logits, labels, null, null)
            .add(found.gradients())
            .add(found.values())
            .add(found.weights())
            .addOrNull(null)
            .addOrNull(null)
            .addOrNull(null);
    launch(arguments, labels.size(), Reduction.SUM);
    return found;
  }

  /** The gradients leave the kernel with the sample weights in them. */
  @Override
  public BatchLoss evaluate(
      NDArray logits, NDArray labels, @Nullable NDArray sampleWeights, Reduction reduction) {
    boolean taken =
        reduction != Reduction.NONE
            && takes(logits, labels)
            && (sampleWeights == null || takes(sampleWeights, labels.size()));
    if (!taken) {
      return composed.evaluate(logits, labels, sampleWeights, reduction);
    }
    NDManager manager = logits.getManager();
    BatchLoss found =
        new BatchLoss(
            manager.create(new Shape(2), DataType.FLOAT32),
            manager.create(logits.getShape(), dataType));
    KernelArguments arguments =
        inputs(logits, labels, sampleWeights, scale == null ? null : scale.factor())
            .add(found.gradients())
            .addOrNull(null)
            .addOrNull(null)
            .add(found.sums())
            .add(manager.create(new Shape(2 * blocks(labels.size())), DataType.FLOAT32))
            .add(ended);
    launch(arguments, labels.size(), reduction);
    return found;
  }

  private KernelArguments inputs(
      NDArray logits, NDArray labels, @Nullable NDArray sampleWeights, @Nullable NDArray factor) {
    return new KernelArguments()
        .add(logits)
        .add(labels)
        .add(alphas)
        .addOrNull(sampleWeights)
        .addOrNull(factor);
  }

  private void launch(KernelArguments arguments, long rows, Reduction reduction) {
    arguments
        .add(rows)
        .add(alphas.size())
        .add(reduction == Reduction.MEAN ? 1L : 0L)
        .add(reduction == Reduction.WEIGHTED_MEAN ? 1L : 0L);
    module.launch("focal", blocks(rows), arguments);
  }

  private long blocks(long rows) {
    return (rows * lanes + KernelModule.THREADS - 1) / KernelModule.THREADS;
  }

  private static boolean takes(NDArray sampleWeights, long rows) {
    return sampleWeights.getDataType() == DataType.FLOAT32
        && sampleWeights.size() == rows
        && DeviceBuffer.isContiguous(sampleWeights);
  }

  private boolean takes(NDArray logits, NDArray labels) {
    Shape shape = logits.getShape();
    return shape.dimension() == 2
        && shape.get(0) > 0
        && shape.get(1) == outputs
        && logits.getDataType() == dataType
        && labels.getDataType() == DataType.INT64
        && labels.size() == shape.get(0)
        && DeviceBuffer.isContiguous(logits)
        && DeviceBuffer.isContiguous(labels);
  }

  /**
   * Made-up rows by the kernel and by PyTorch's operations.
   *
   * @return the largest difference over the largest number
   */
  double differenceFromComposed(NDManager parent) {
    // Rows of several blocks.
    int count = 67 + 3 * KernelModule.THREADS / lanes;
    try (NDManager manager = parent.newSubManager()) {
      NDArray logits =
          manager
              .arange((float) count * outputs)
              .mul(0.37f)
              .sin()
              .mul(9)
              .reshape(count, outputs)
              .toType(dataType, false);
      NDArray labels =
          manager.arange(count).mod(outputs == 1 ? 2 : outputs).toType(DataType.INT64, false);
      NDArray sampleWeights = manager.arange((float) count).add(1).div(count);
      NDArray floats = logits.toType(DataType.FLOAT32, false);
      RowLosses fusedRows = evaluate(logits, labels);
      RowLosses otherRows = composed.evaluate(floats, labels);
      double largest =
          Math.max(
              difference(fusedRows.values(), otherRows.values()),
              Math.max(
                  difference(fusedRows.gradients(), otherRows.gradients()),
                  difference(fusedRows.weights(), otherRows.weights())));
      for (Reduction reduction : List.of(Reduction.SUM, Reduction.MEAN, Reduction.WEIGHTED_MEAN)) {
        for (NDArray given : new @Nullable NDArray[] {null, sampleWeights}) {
          BatchLoss fused = evaluate(logits, labels, given, reduction);
          BatchLoss other = composed.evaluate(floats, labels, given, reduction);
          largest = Math.max(largest, difference(fused.gradients(), other.gradients()));
          for (String place : new String[] {"0:1", "1:2"}) {
            largest =
                Math.max(largest, difference(fused.sums().get(place), other.sums().get(place)));
          }
        }
      }
      return largest;
    }
  }

  private double difference(NDArray actual, NDArray expected) {
    NDArray numbers = withinRange(expected);
    NDArray distance = withinRange(actual).sub(numbers).abs().max();
    return distance.toFloatArray()[0]
        / Math.max(Float.MIN_NORMAL, numbers.abs().max().toFloatArray()[0]);
  }

  /**
   * In float32, with what a float16 does not hold as its largest: a gradient of a rare class times
   * the loss scale may be beyond it, which is no difference if it is so in both.
   */
  private NDArray withinRange(NDArray numbers) {
    NDArray floats = numbers.toType(DataType.FLOAT32, false);
    return scale == null ? floats : floats.clip(-LARGEST_HALF, LARGEST_HALF);
  }
}
