package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** Dropout whose mask is a function of seed, step, rank and layer. */
final class CounterDropout extends AbstractBlock {

  private final double rate;
  private final int layer;
  private final RankStep step;

  CounterDropout(double rate, int layer, RankStep step) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException(
          "Dropout rate " + rate + " is outside [0, 1); set dropout to a value in that range.");
    }
    this.rate = rate;
    this.layer = layer;
    this.step = step;
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
    return new NDList(input.mul(mask(input)));
  }

  private NDArray mask(NDArray input) {
    Shape shape = input.getShape();
    int size = Math.toIntExact(shape.size());
    float scale = (float) (1 / (1 - rate));
    ByteBuffer bytes = input.getManager().allocateDirect(size * Float.BYTES);
    FloatBuffer values = bytes.asFloatBuffer();
    CounterRandom random = step.random(layer);
    for (int i = 0; i < size; i++) {
      values.put(i, random.nextFloat() < rate ? 0f : scale);
    }
    return input.getManager().create(bytes, shape, DataType.FLOAT32);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
