package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.Collective.Precision;
import io.sparkfocal.collective.TensorCollective;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * The update in one pass over the memory of the tensors, block by block in the processor's cache:
 * division, clipping, the optimizer's rule and the zeros for the next step.
 */
final class HostUpdate implements WeightUpdate {

  private static final int BLOCK = Optimizer.HostUpdater.MOST;
  private static final double NORM_EPSILON = 1e-6;

  private final FlatParameters parameters;
  private final TensorCollective collective;
  private final Optimizer.HostUpdater updater;
  private final Precision precision;
  private final double clipNorm;
  private final long size;
  private final TensorFloats gradients;
  private final TensorFloats gradientsAlone;
  private final TensorFloats weights;
  private final ByteBuffer sums =
      ByteBuffer.allocateDirect(FlatParameters.TAIL * Float.BYTES).order(ByteOrder.nativeOrder());
  private final float[] tail = new float[FlatParameters.TAIL];
  private final float[] gradient = new float[BLOCK];
  private final float[] weight = new float[BLOCK];
  private final float[] zeros = new float[BLOCK];
  private double stepLoss;
  private double stepWeight;
  private double totalLoss;
  private double totalWeight;

  HostUpdate(
      FlatParameters parameters,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    this.parameters = parameters;
    this.collective = collective;
    this.precision = collective.gradientPrecision();
    this.clipNorm = settings.gradientClipNorm();
    this.size = parameters.trained().size();
    this.updater = settings.optimizer().onHost(size, manager);
    this.gradients = new TensorFloats(parameters.gradients());
    this.gradientsAlone = new TensorFloats(parameters.trainedGradients());
    this.weights = new TensorFloats(parameters.trained());
  }

  @Override
  public void count(NDArray ofRows) {
    float[] values = ofRows.toFloatArray();
    stepLoss += values[0];
    stepWeight += values[1];
  }

  @Override
  public void discard() {
    discardGradients();
    stepLoss = 0;
    stepWeight = 0;
  }

  private void discardGradients() {
    for (long at = 0; at < size; at += BLOCK) {
      gradients.put(at, zeros, (int) Math.min(BLOCK, size - at));
    }
  }

  @Override
  public void apply(double learningRate) {
    sumOverRanks();
    float divisor = Math.max((float) stepWeight, Float.MIN_NORMAL);
    float scale = clipNorm > 0 ? clipping(divisor) : 1;
    updater.begin(learningRate);
    HalfPrecision half = parameters.half();
    if (half == null) {
      update(divisor, scale);
    } else {
      boolean isFinite = isFinite();
      if (isFinite) {
        update(divisor, scale);
        parameters.publish();
      } else {
        discardGradients();
      }
      half.scale().adapt(isFinite);
    }
    totalLoss += stepLoss;
    totalWeight += stepWeight;
    stepLoss = 0;
    stepWeight = 0;
  }

  private boolean isFinite() {
    for (long at = 0; at < size; at += BLOCK) {
      int length = (int) Math.min(BLOCK, size - at);
      gradients.get(at, gradient, length);
      for (int i = 0; i < length; i++) {
        if (!Float.isFinite(gradient[i])) {
          return false;
        }
      }
    }
    return true;
  }

  private void update(float divisor, float scale) {
    for (long at = 0; at < size; at += BLOCK) {
      int length = (int) Math.min(BLOCK, size - at);
      gradients.get(at, gradient, length);
      weights.get(at, weight, length);
      for (int i = 0; i < length; i++) {
        gradient[i] = gradient[i] / divisor * scale;
      }
      updater.update(at, weight, gradient, length);
      weights.put(at, weight, length);
      gradients.put(at, zeros, length);
    }
  }

  /** Losses and weights travel behind the gradients, but never in half precision. */
  private void sumOverRanks() {
    if (collective.world() == 1) {
      return;
    }
    tail[0] = (float) stepLoss;
    tail[1] = (float) stepWeight;
    if (precision == Precision.FLOAT32) {
      gradients.put(size, tail, tail.length);
      gradients.bytes().forEach(bytes -> collective.allReduce(bytes, precision));
      gradients.get(size, tail, tail.length);
    } else {
      gradientsAlone.bytes().forEach(bytes -> collective.allReduce(bytes, precision));
      FloatBuffer values = sums.asFloatBuffer();
      values.put(0, tail);
      collective.allReduce(sums, Precision.FLOAT32);
      values.get(0, tail);
    }
    stepLoss = tail[0];
    stepWeight = tail[1];
  }

  private float clipping(float divisor) {
    double squares = 0;
    for (long at = 0; at < size; at += BLOCK) {
      int length = (int) Math.min(BLOCK, size - at);
      gradients.get(at, gradient, length);
      for (int i = 0; i < length; i++) {
        double value = gradient[i] / divisor;
        squares += value * value;
      }
    }
    return (float) Math.min(1, clipNorm / (Math.sqrt(squares) + NORM_EPSILON));
  }

  @Override
  public double[] takeTotals() {
    double[] totals = {totalLoss, totalWeight};
    totalLoss = 0;
    totalWeight = 0;
    return totals;
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
