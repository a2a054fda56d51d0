package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** Dropout whose mask is a function of seed, step, rank and layer. */
final class CounterDropout extends AbstractBlock {

  private final double rate;
  private final int layer;
  private final RankStep step;

  CounterDropout(double rate, int layer, RankStep step) {
    requireRate(rate);
    this.rate = rate;
    this.layer = layer;
    this.step = step;
  }

  static void requireRate(double rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException(
          "Dropout rate " + rate + " is outside [0, 1); set dropout to a value in that range.");
    }
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    if (!training || rate == 0) {
      return inputs;
    }
    NDArray input = inputs.singletonOrThrow();
    NDArray mask = step.dropoutMask(layer, input, rate);
    return new NDList(input.mul(mask.toType(input.getDataType(), false)));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
