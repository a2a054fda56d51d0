package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
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

  private static final int BLOCK = 2048;
  private static final double NORM_EPSILON = 1e-6;

  private final FlatParameters parameters;
  private final TensorCollective collective;
  private final Optimizer.HostUpdater updater;
  private final Precision precision;
  private final double clipNorm;
  private final int size;
  private final ByteBuffer gradientBytes;
  private final ByteBuffer sums =
      ByteBuffer.allocateDirect(FlatParameters.TAIL * Float.BYTES).order(ByteOrder.nativeOrder());
  private final FloatBuffer gradients;
  private final FloatBuffer weights;
  private final float[] gradient = new float[BLOCK];
  private final float[] weight = new float[BLOCK];
  private final float[] zeros = new float[BLOCK];
  private double stepLoss;
  private double stepWeight;
  private double totalLoss;
  private double totalWeight;

  HostUpdate(FlatParameters parameters, TensorCollective collective, TrainingSettings settings) {
    this.parameters = parameters;
    this.collective = collective;
    this.precision = collective.gradientPrecision();
    this.clipNorm = settings.gradientClipNorm();
    this.size = Math.toIntExact(parameters.trained().size());
    this.updater = settings.optimizer().onHost(size);
    this.gradientBytes = parameters.gradients().toByteBuffer(true);
    this.gradients = gradientBytes.asFloatBuffer();
    this.weights = parameters.trained().toByteBuffer(true).asFloatBuffer();
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
    for (int at = 0; at < size; at += BLOCK) {
      gradients.put(at, zeros, 0, Math.min(BLOCK, size - at));
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
    for (int at = 0; at < size; at += BLOCK) {
      int length = Math.min(BLOCK, size - at);
      gradients.get(at, gradient, 0, length);
      for (int i = 0; i < length; i++) {
        if (!Float.isFinite(gradient[i])) {
          return false;
        }
      }
    }
    return true;
  }

  private void update(float divisor, float scale) {
    for (int at = 0; at < size; at += BLOCK) {
      int length = Math.min(BLOCK, size - at);
      gradients.get(at, gradient, 0, length);
      weights.get(at, weight, 0, length);
      for (int i = 0; i < length; i++) {
        gradient[i] = gradient[i] / divisor * scale;
      }
      updater.update(at, weight, gradient, length);
      weights.put(at, weight, 0, length);
      gradients.put(at, zeros, 0, length);
    }
  }

  /** Losses and weights travel behind the gradients, but never in half precision. */
  private void sumOverRanks() {
    if (collective.world() == 1) {
      return;
    }
    boolean together = precision == Precision.FLOAT32;
    ByteBuffer tail = together ? gradientBytes : sums;
    int at = together ? size * Float.BYTES : 0;
    tail.putFloat(at, (float) stepLoss).putFloat(at + Float.BYTES, (float) stepWeight);
    collective.allReduce(together ? gradientBytes : gradientsAlone(), precision);
    if (!together) {
      collective.allReduce(sums, Precision.FLOAT32);
    }
    stepLoss = tail.getFloat(at);
    stepWeight = tail.getFloat(at + Float.BYTES);
  }

  private ByteBuffer gradientsAlone() {
    return gradientBytes.slice(0, size * Float.BYTES).order(ByteOrder.nativeOrder());
  }

  private float clipping(float divisor) {
    double squares = 0;
    for (int at = 0; at < size; at += BLOCK) {
      int length = Math.min(BLOCK, size - at);
      gradients.get(at, gradient, 0, length);
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
