package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), in PyTorch's form:
 *
 * <pre>w -= lr wd w;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 * w -= lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)</pre>
 *
 * @param weightDecay wd, at least 0
 */
public record AdamW(double weightDecay) implements Optimizer {

  static final double BETA1 = 0.9;
  static final double BETA2 = 0.999;
  static final double EPSILON = 1e-8;
  static final String MEAN = "mean";
  static final String VARIANCE = "variance";

  @Override
  public Updater on(NDArray weights, NDManager manager) {
    PtNDArray mean = (PtNDArray) manager.zeros(weights.getShape());
    PtNDArray variance = (PtNDArray) manager.zeros(weights.getShape());
    return new State((PtNDArray) weights, mean, variance);
  }

  @Override
  public HostUpdater onHost(long weights, NDManager manager) {
    return new HostState(new Shape(weights), manager);
  }

  @Override
  public int momentCount() {
    return 2;
  }

  private final class HostState implements HostUpdater {

    private final NDArray mean;
    private final NDArray variance;
    private final TensorFloats means;
    private final TensorFloats variances;
    private final float[] m = new float[MOST];
    private final float[] v = new float[MOST];
    private long updates;
    private float keep;
    private float rate;
    private float epsilon;

    HostState(Shape weights, NDManager manager) {
      mean = manager.zeros(weights);
      variance = manager.zeros(weights);
      means = new TensorFloats(mean);
      variances = new TensorFloats(variance);
    }

    @Override
    public void begin(double learningRate) {
      updates++;
      double deviationCorrection = deviationCorrection(updates);
      keep = (float) (1 - learningRate * weightDecay);
      rate = (float) (learningRate * deviationCorrection / meanCorrection(updates));
      epsilon = (float) (EPSILON * deviationCorrection);
    }

    @Override
    public void update(long at, float[] weights, float[] gradients, int length) {
      float beta1 = (float) BETA1;
      float beta2 = (float) BETA2;
      float rest1 = (float) (1 - BETA1);
      float rest2 = (float) (1 - BETA2);
      means.get(at, m, length);
      variances.get(at, v, length);
      for (int i = 0; i < length; i++) {
        float g = gradients[i];
        float mean = beta1 * m[i] + rest1 * g;
        float variance = beta2 * v[i] + rest2 * g * g;
        m[i] = mean;
        v[i] = variance;
        weights[i] = keep * weights[i] - rate * mean / ((float) Math.sqrt(variance) + epsilon);
      }
      means.put(at, m, length);
      variances.put(at, v, length);
    }

    @Override
    public OptimizerState state() {
      return AdamW.state(updates, mean, variance);
    }

    @Override
    public void restore(OptimizerState state) {
      updates = state.updates();
      state.copyTo(MEAN, means);
      state.copyTo(VARIANCE, variances);
    }
  }

  static OptimizerState state(long updates, NDArray mean, NDArray variance) {
    TensorFloats means = TensorFloats.copyOf(mean);
    try {
      return new OptimizerState(
          updates, Map.of(MEAN, means, VARIANCE, TensorFloats.copyOf(variance)));
    } catch (RuntimeException e) {
      // For want of memory; the copy is outside the heap.
      means.close();
      throw e;
    }
  }

  static double meanCorrection(long updates) {
    return 1 - Math.pow(BETA1, (double) updates);
  }

  static double deviationCorrection(long updates) {
    return Math.sqrt(1 - Math.pow(BETA2, (double) updates));
  }

  private final class State implements Updater {

    private final PtNDArray weights;
    private final PtNDArray mean;
    private final PtNDArray variance;
    private long updates;

    State(PtNDArray weights, PtNDArray mean, PtNDArray variance) {
      this.weights = weights;
      this.mean = mean;
      this.variance = variance;
    }

    @Override
    public void update(NDArray gradients, double learningRate) {
      updates++;
      double deviationCorrection = deviationCorrection(updates);
      // DJL's update divides by sqrt(v) + eps, so both corrections move into the rate and eps.
      JniUtils.adamUpdate(
          weights,
          (PtNDArray) gradients,
          mean,
          variance,
          (float) learningRate,
          (float) (learningRate * deviationCorrection / meanCorrection(updates)),
          (float) weightDecay,
          1f,
          -1f,
          (float) BETA1,
          (float) BETA2,
          (float) (EPSILON * deviationCorrection),
          true);
    }

    @Override
    public List<NDArray> moments() {
      return List.of(mean, variance);
    }

    @Override
    public OptimizerState state() {
      return AdamW.state(updates, mean, variance);
    }

    @Override
    public void restore(OptimizerState state) {
      updates = state.updates();
      state.copyTo(MEAN, mean);
      state.copyTo(VARIANCE, variance);
    }
  }
}
