package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import java.util.ArrayList;
import java.util.List;

/** The update by operations on tensors: any optimizer, on any device. */
final class TensorUpdate extends DeviceUpdate {

  /** Too few values for PyTorch to deal out a row of a sum among blocks of threads. */
  private static final long SUMMED_AT_ONCE = 1024;

  private final FlatParameters parameters;
  private final Optimizer.Updater updater;
  private final NDArray gradients;
  private final NDArray gradient;
  private final NDArray smallestWeight;
  private final NDArray zero;
  private final NDArray one;
  private final NDArray normEpsilon;
  private final NDArray clipNorm;
  private final boolean clips;

  TensorUpdate(
      FlatParameters parameters,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    super(parameters.gradients(), collective, manager);
    this.parameters = parameters;
    this.updater = settings.optimizer().on(parameters.trained(), manager);
    this.gradients = parameters.gradients();
    this.gradient = parameters.trainedGradients();
    this.smallestWeight = manager.create(new float[] {Float.MIN_NORMAL}, new Shape(1));
    this.zero = manager.zeros(new Shape(1));
    this.one = manager.create(new float[] {1}, new Shape(1));
    this.normEpsilon = manager.create(new float[] {NORM_EPSILON}, new Shape(1));
    this.clips = settings.gradientClipNorm() > 0;
    this.clipNorm = manager.create(new float[] {(float) settings.gradientClipNorm()}, new Shape(1));
  }

  @Override
  void end(NDArray sums, NDArray totals, double learningRate) {
    totals.addi(sums);
    HalfPrecision half = parameters.half();
    if (half == null) {
      update(sums, learningRate);
      // What is not finite stays so, and ends the training where the loss is next read.
      gradients.subi(gradients.duplicate());
    } else {
      updateIfFinite(half.scale(), sums, learningRate);
      TensorCopy.into(gradients, zero);
      parameters.publish();
    }
  }

  /** Takes back what it did if a gradient was not finite; known on the device alone. */
  private void updateIfFinite(LossScale scale, NDArray sums, double learningRate) {
    NDArray isFinite = gradient.sub(gradient).sum().eq(zero);
    List<NDArray> changed = new ArrayList<>(updater.moments());
    changed.add(parameters.trained());
    List<NDArray> before = changed.stream().map(NDArray::duplicate).toList();
    update(sums, learningRate);
    for (int i = 0; i < changed.size(); i++) {
      NDArray now = changed.get(i);
      TensorCopy.into(now, NDArrays.where(isFinite.broadcast(now.getShape()), now, before.get(i)));
    }
    scale.adapt(isFinite.toType(DataType.FLOAT32, false));
  }

  private void update(NDArray sums, double learningRate) {
    gradient.divi(NDArrays.maximum(sums.get("1:"), smallestWeight));
    if (clips) {
      NDArray norm = sum(gradient.square()).sqrt().add(normEpsilon);
      gradient.muli(NDArrays.minimum(clipNorm.div(norm), one));
    }
    updater.update(gradient, learningRate);
  }

  /**
   * The sum of a vector, in rows of a fixed length: PyTorch's own order for a long vector depends
   * on how many multiprocessors the GPU has, and ranks may have other GPUs.
   */
  private static NDArray sum(NDArray values) {
    long rows = values.size() / SUMMED_AT_ONCE;
    if (rows < 2) {
      return values.sum();
    }
    long whole = rows * SUMMED_AT_ONCE;
    NDArray sums = values.get("0:" + whole).reshape(rows, SUMMED_AT_ONCE).sum(new int[] {1});
    return sum(
        whole == values.size() ? sums : NDArrays.concat(new NDList(sums, values.get(whole + ":"))));
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
