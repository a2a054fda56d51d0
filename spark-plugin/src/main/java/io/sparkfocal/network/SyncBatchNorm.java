package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/**
 * Batch norm whose mean and variance are those of the rows of all ranks.
 *
 * <p>Training, with N rows over all ranks: u = (x - mean) / sqrt(var + eps), y = gamma u + beta;
 * the graph is cut at u, and
 *
 * <pre>dL/dx = (du - sum(du) / N - u sum(du u) / N) / sqrt(var + eps)</pre>
 *
 * with sums over all ranks. The sums of the forward pass are taken about the running mean, which is
 * the same on every rank, so that one all-reduce is enough and, once it has come near, a large mean
 * does not cancel the variance; it starts at 0, near which standardized features stay. Input and
 * output have shape (B, F); B may be 0 on a rank.
 */
final class SyncBatchNorm extends AbstractBlock {

  private static final float EPSILON = 1e-5f;
  private static final float MOMENTUM = 0.1f;

  private final RankStep step;
  private final Parameter gamma = add("gamma", Parameter.Type.GAMMA);
  private final Parameter beta = add("beta", Parameter.Type.BETA);
  private final Parameter runningMean = add("runningMean", Parameter.Type.RUNNING_MEAN);
  private final Parameter runningVariance = add("runningVar", Parameter.Type.RUNNING_VAR);

  SyncBatchNorm(RankStep step) {
    this.step = step;
  }

  private Parameter add(String name, Parameter.Type type) {
    boolean trained = type == Parameter.Type.GAMMA || type == Parameter.Type.BETA;
    return addParameter(
        Parameter.builder().setName(name).setType(type).optRequiresGrad(trained).build());
  }

  @Override
  protected void prepare(Shape[] inputShapes) {
    Shape features = new Shape(inputShapes[0].get(1));
    gamma.setShape(features);
    beta.setShape(features);
    runningMean.setShape(features);
    runningVariance.setShape(features);
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    NDArray input = inputs.singletonOrThrow();
    NDArray normalized = training ? normalizeByBatch(input) : normalizeByRunning(input);
    return new NDList(normalized.mul(gamma.getArray()).add(beta.getArray()));
  }

  private NDArray normalizeByRunning(NDArray input) {
    NDArray deviation = runningVariance.getArray().add(EPSILON).sqrt();
    return input.sub(runningMean.getArray()).div(deviation);
  }

  private NDArray normalizeByBatch(NDArray input) {
    return step.tape().cut(input, this::normalized);
  }

  private BackwardTape.Piece normalized(NDArray x) {
    NDArray shifted = x.sub(runningMean.getArray());
    NDArray sums = sumOverRanks(shifted, shifted.square(), x.getShape().get(0));
    long width = x.getShape().get(1);
    NDArray count = sums.get(2 * width + ":");
    NDArray offset = sums.get("0:" + width).div(count);
    NDArray difference = sums.get(width + ":" + 2 * width).div(count).sub(offset.square());
    NDArray variance = NDArrays.maximum(difference, difference.zerosLike());
    NDArray deviation = variance.add(EPSILON).sqrt();
    NDArray normalized = shifted.sub(offset).div(deviation);
    step.tape().afterBackward(() -> track(offset, variance, count));
    return new BackwardTape.Piece(
        normalized, du -> inputGradient(du, normalized.stopGradient(), deviation));
  }

  private NDArray inputGradient(NDArray du, NDArray u, NDArray deviation) {
    long width = u.getShape().get(1);
    NDArray sums = sumOverRanks(du, du.mul(u), u.getShape().get(0));
    NDArray count = sums.get(2 * width + ":");
    NDArray meanGradient = sums.get("0:" + width).div(count);
    NDArray meanProduct = sums.get(width + ":" + 2 * width).div(count);
    return du.sub(meanGradient).sub(u.mul(meanProduct)).div(deviation);
  }

  /** Column sums of a (B, F), column sums of b, and B, over all ranks: shape (2 F + 1). */
  private NDArray sumOverRanks(NDArray a, NDArray b, long rows) {
    NDManager manager = a.getManager();
    int[] axis = {0};
    NDArray count = manager.create(new float[] {rows}, new Shape(1));
    NDArray sums = NDArrays.concat(new NDList(a.sum(axis), b.sum(axis), count));
    step.collective().allReduce(sums);
    return sums;
  }

  /** Running statistics, the variance unbiased, as in PyTorch. */
  private void track(NDArray offset, NDArray variance, NDArray count) {
    runningMean.getArray().addi(offset.mul(MOMENTUM));
    NDArray one = count.onesLike();
    NDArray unbiased = variance.mul(count.div(NDArrays.maximum(count.sub(one), one)));
    runningVariance.getArray().muli(1 - MOMENTUM).addi(unbiased.mul(MOMENTUM));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
