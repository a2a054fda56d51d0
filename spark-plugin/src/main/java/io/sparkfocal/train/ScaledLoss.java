package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.BatchLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.RowLosses;
import org.jspecify.annotations.Nullable;

/**
 * A loss of logits in float16, computed in float32; the gradients of a step are multiplied by the
 * {@link LossScale} before they become float16.
 */
final class ScaledLoss implements LossKernel {

  private final LossKernel loss;
  private final LossScale scale;

  ScaledLoss(LossKernel loss, LossScale scale) {
    this.loss = loss;
    this.scale = scale;
  }

  /** Gradients are float32 and not multiplied. */
  @Override
  public RowLosses evaluate(NDArray logits, NDArray labels) {
    return loss.evaluate(floats(logits), labels);
  }

  /** Gradients are float32 and not multiplied. */
  @Override
  public RowLosses evaluate(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights) {
    return loss.evaluate(floats(logits), labels, sampleWeights);
  }

  @Override
  public BatchLoss evaluate(
      NDArray logits, NDArray labels, @Nullable NDArray sampleWeights, Reduction reduction) {
    BatchLoss found = loss.evaluate(floats(logits), labels, sampleWeights, reduction);
    NDArray scaled = found.gradients().mul(scale.factor());
    return new BatchLoss(found.sums(), scaled.toType(DataType.FLOAT16, false));
  }

  private static NDArray floats(NDArray logits) {
    return logits.toType(DataType.FLOAT32, false);
  }
}
