package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;

/** The update by operations on tensors, so that nothing of a step leaves the GPU. */
final class DeviceUpdate implements WeightUpdate {

  private static final float NORM_EPSILON = 1e-6f;

  private final TensorCollective collective;
  private final Optimizer.Updater updater;
  private final NDArray gradients;
  private final NDArray gradient;
  private final NDArray sums;
  private final NDArray weightSum;
  private final NDArray smallestWeight;
  private final NDArray one;
  private final NDArray clipNorm;
  private final boolean clips;
  private final NDArray totals;

  DeviceUpdate(
      FlatParameters parameters,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    this.collective = collective;
    this.updater = settings.optimizer().on(parameters.trained(), manager);
    this.gradients = parameters.gradients();
    long size = parameters.trained().size();
    this.gradient = gradients.get("0:" + size);
    this.sums = gradients.get(size + ":");
    this.weightSum = sums.get("1:");
    this.smallestWeight = manager.create(new float[] {Float.MIN_NORMAL}, new Shape(1));
    this.one = manager.create(new float[] {1}, new Shape(1));
    this.clips = settings.gradientClipNorm() > 0;
    this.clipNorm = manager.create(new float[] {(float) settings.gradientClipNorm()}, new Shape(1));
    this.totals = manager.zeros(new Shape(2), DataType.FLOAT32);
  }

  @Override
  public void count(NDArray lossSum, NDArray weightSum) {
    sums.addi(NDArrays.concat(new NDList(lossSum.reshape(1), weightSum.reshape(1))));
  }

  @Override
  public void discard() {
    try (NDArray zeros = gradients.zerosLike()) {
      TensorCopy.into(gradients, zeros);
    }
  }

  @Override
  public void apply(double learningRate) {
    collective.allReduce(gradients);
    totals.addi(sums);
    gradient.divi(NDArrays.maximum(weightSum, smallestWeight));
    if (clips) {
      NDArray norm = gradient.square().sum().sqrt().add(NORM_EPSILON);
      gradient.muli(NDArrays.minimum(clipNorm.div(norm), one));
    }
    updater.update(gradient, learningRate);
    // What is not finite stays so, and ends the training where the loss is next read.
    gradients.subi(gradients.duplicate());
  }

  @Override
  public double[] takeTotals() {
    float[] values = totals.toFloatArray();
    try (NDArray before = totals.duplicate()) {
      totals.subi(before);
    }
    return new double[] {values[0], values[1]};
  }

  @Override
  public OptimizerState state() {
    return updater.state();
  }

  @Override
  public void restore(OptimizerState state) {
    updater.restore(state);
  }
}
