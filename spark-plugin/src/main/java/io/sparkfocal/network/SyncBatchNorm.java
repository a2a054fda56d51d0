package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.sparkfocal.compat.TensorCast;
import io.sparkfocal.compat.TensorCopy;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Batch norm whose mean and variance are those of the rows of all ranks, and over every place of an
 * image.
 *
 * <p>Statistics are float32, whatever the input is. Where one rank trains, it is PyTorch's own. For
 * several, with N values of a channel over all ranks: u = (x - mean) / sqrt(var + eps), y = gamma u
 * + beta; the graph is cut at u, and
 *
 * <pre>dL/dx = (du - sum(du) / N - u sum(du u) / N) / sqrt(var + eps)</pre>
 *
 * with sums over all ranks. The sums of the forward pass are taken about the running mean, which is
 * the same on every rank, so that one all-reduce is enough and, once it has come near, a large mean
 * does not cancel the variance; it starts at 0, near which standardized features stay. Input and
 * output have shape (B, C) or (B, C, ...); B may be 0 on a rank.
 *
 * <p>A single value of a channel over all ranks, by which PyTorch refuses to normalize, becomes
 * beta and leaves the running statistics as they are; so does none. Of a rank alone, they are
 * normalized by the running statistics.
 */
final class SyncBatchNorm extends AbstractBlock {

  static final float EPSILON = 1e-5f;
  private static final float MOMENTUM = 0.1f;

  private final RankStep step;
  private final boolean local;
  private final Parameter gamma = add("gamma", Parameter.Type.GAMMA);
  private final Parameter beta = add("beta", Parameter.Type.BETA);
  private final Parameter runningMean = add("runningMean", Parameter.Type.RUNNING_MEAN);
  private final Parameter runningVariance = add("runningVar", Parameter.Type.RUNNING_VAR);

  /** Over the rows of all ranks, or of each alone if local. */
  SyncBatchNorm(RankStep step, boolean local) {
    this.step = step;
    this.local = local;
    if (!local) {
      step.normalizes(runningMean, runningVariance);
    }
  }

  private Parameter add(String name, Parameter.Type type) {
    boolean trained = type == Parameter.Type.GAMMA || type == Parameter.Type.BETA;
    return addParameter(
        Parameter.builder().setName(name).setType(type).optRequiresGrad(trained).build());
  }

  @Override
  protected void prepare(Shape[] inputShapes) {
    Shape channels = new Shape(inputShapes[0].get(1));
    step.takesFromRow(inputShapes[0].slice(2).size());
    gamma.setShape(channels);
    beta.setShape(channels);
    runningMean.setShape(channels);
    runningVariance.setShape(channels);
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    NDArray input = inputs.singletonOrThrow();
    boolean isEnough = valuesPerChannel(input) > 1;
    if (!training || (local && !isEnough)) {
      return new NDList(
          ofPytorch(input, runningMean.getArray(), runningVariance.getArray(), false));
    }
    // PyTorch's refuses a single value.
    if (isEnough && (local || step.collective().world() == 1)) {
      return new NDList(normalizedAlone(input));
    }
    NDArray u = step.tape().cut(input, this::normalized);
    Shape shape = alongChannels(input);
    NDArray output = u.mul(gamma.getArray().reshape(shape)).add(beta.getArray().reshape(shape));
    return new NDList(TensorCast.recorded(output, input.getDataType()));
  }

  private NDArray ofPytorch(NDArray input, NDArray mean, NDArray variance, boolean training) {
    // The names of DJL's parameters are in another order than its native method's.
    return JniUtils.batchNorm(
        (PtNDArray) input,
        (PtNDArray) mean,
        (PtNDArray) variance,
        (PtNDArray) TensorCast.recorded(gamma.getArray(), DataType.FLOAT32),
        (PtNDArray) TensorCast.recorded(beta.getArray(), DataType.FLOAT32),
        training,
        MOMENTUM,
        EPSILON);
  }

  private NDArray normalizedAlone(NDArray input) {
    NDArray mean = runningMean.getArray().duplicate();
    NDArray variance = runningVariance.getArray().duplicate();
    NDArray output = ofPytorch(input, mean, variance, true);
    step.tape()
        .afterBackward(
            () -> {
              TensorCopy.into(runningMean.getArray(), mean);
              TensorCopy.into(runningVariance.getArray(), variance);
            });
    return output;
  }

  private static long valuesPerChannel(NDArray input) {
    return input.size() / input.getShape().get(1);
  }

  /** Shape (1, C, 1, ...) for an input of shape (B, C, ...). */
  private static Shape alongChannels(NDArray input) {
    long[] shape = new long[input.getShape().dimension()];
    Arrays.fill(shape, 1);
    shape[1] = input.getShape().get(1);
    return new Shape(shape);
  }

  private BackwardTape.Piece normalized(NDArray x) {
    Shape shape = alongChannels(x);
    NDArray shifted = x.sub(runningMean.getArray().reshape(shape));
    NDArray sums = sumOverRanks(shifted, shifted.square());
    long channels = x.getShape().get(1);
    NDArray count = atLeastOne(sums.get(2 * channels + ":"));
    NDArray offset = sums.get("0:" + channels).div(count);
    NDArray difference = sums.get(channels + ":" + 2 * channels).div(count).sub(offset.square());
    NDArray variance = NDArrays.maximum(difference, difference.zerosLike());
    NDArray deviation = variance.add(number(x, EPSILON)).sqrt().reshape(shape);
    NDArray normalized = shifted.sub(offset.reshape(shape)).div(deviation);
    step.tape().afterBackward(() -> track(offset, variance, count));
    return new BackwardTape.Piece(
        normalized, du -> inputGradient(du, normalized.stopGradient(), deviation));
  }

  private NDArray inputGradient(NDArray du, NDArray u, NDArray deviation) {
    Shape shape = alongChannels(u);
    long channels = u.getShape().get(1);
    NDArray sums = sumOverRanks(du, du.mul(u));
    NDArray count = atLeastOne(sums.get(2 * channels + ":"));
    NDArray meanGradient = sums.get("0:" + channels).div(count).reshape(shape);
    NDArray meanProduct = sums.get(channels + ":" + 2 * channels).div(count).reshape(shape);
    return du.sub(meanGradient).sub(u.mul(meanProduct)).div(deviation);
  }

  /** Of each channel of a and of b, and the values of a channel, over all ranks: (2 C + 1). */
  private NDArray sumOverRanks(NDArray a, NDArray b) {
    int[] axes = IntStream.range(0, a.getShape().dimension()).filter(axis -> axis != 1).toArray();
    NDArray count = number(a, (float) valuesPerChannel(a));
    NDArray sums = NDArrays.concat(new NDList(a.sum(axes), b.sum(axes), count));
    step.collective().allReduce(sums);
    return sums;
  }

  /** There may be no value on any rank; every sum is 0 then. */
  private static NDArray atLeastOne(NDArray count) {
    return NDArrays.maximum(count, count.onesLike());
  }

  /** Running statistics, the variance unbiased, as in PyTorch; a single value changes nothing. */
  private void track(NDArray offset, NDArray variance, NDArray count) {
    NDArray one = count.onesLike();
    NDArray isSample = count.gt(one).toType(DataType.FLOAT32, false);
    NDArray momentum = isSample.mul(number(count, MOMENTUM));
    runningMean.getArray().addi(offset.mul(momentum));
    NDArray unbiased = variance.mul(count.div(atLeastOne(count.sub(one))));
    runningVariance.getArray().muli(one.sub(momentum)).addi(unbiased.mul(momentum));
  }

  /** Made on the device, since a number of Java would be copied to it in every step. */
  private static NDArray number(NDArray beside, float value) {
    return beside.getManager().full(new Shape(1), value, DataType.FLOAT32);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
