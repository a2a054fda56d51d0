package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.sparkfocal.compat.TensorCopy;
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
  public HostUpdater onHost(int weights) {
    return new HostState(weights);
  }

  @Override
  public int momentCount() {
    return 2;
  }

  private final class HostState implements HostUpdater {

    private final float[] mean;
    private final float[] variance;
    private long updates;
    private float keep;
    private float rate;
    private float epsilon;

    HostState(int weights) {
      mean = new float[weights];
      variance = new float[weights];
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
    public void update(int at, float[] weights, float[] gradients, int length) {
      float beta1 = (float) BETA1;
      float beta2 = (float) BETA2;
      float rest1 = (float) (1 - BETA1);
      float rest2 = (float) (1 - BETA2);
      for (int i = 0; i < length; i++) {
        float g = gradients[i];
        float m = beta1 * mean[at + i] + rest1 * g;
        float v = beta2 * variance[at + i] + rest2 * g * g;
        mean[at + i] = m;
        variance[at + i] = v;
        weights[i] = keep * weights[i] - rate * m / ((float) Math.sqrt(v) + epsilon);
      }
    }

    @Override
    public OptimizerState state() {
      return new OptimizerState(updates, Map.of(MEAN, mean.clone(), VARIANCE, variance.clone()));
    }

    @Override
    public void restore(OptimizerState state) {
      updates = state.updates();
      state.copyTo(MEAN, mean);
      state.copyTo(VARIANCE, variance);
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
      return new OptimizerState(
          updates, Map.of(MEAN, TensorCopy.floats(mean), VARIANCE, TensorCopy.floats(variance)));
    }

    @Override
    public void restore(OptimizerState state) {
      updates = state.updates();
      state.copyTo(MEAN, mean);
      state.copyTo(VARIANCE, variance);
    }
  }
}
