package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;

/**
 * Stochastic gradient descent with momentum and coupled weight decay, in PyTorch's form:
 *
 * <pre>g += wd w;  b = mu b + g;  w -= lr b</pre>
 *
 * @param momentum mu, from 0 to below 1
 * @param weightDecay wd, at least 0
 */
public record Sgd(double momentum, double weightDecay) implements Optimizer {

  private static final String VELOCITY = "velocity";

  @Override
  public Updater on(NDArray weights, NDManager manager) {
    return new State(weights, manager);
  }

  @Override
  public HostUpdater onHost(long weights, NDManager manager) {
    return new HostState(manager.zeros(new Shape(weights)));
  }

  @Override
  public int momentCount() {
    return 1;
  }

  private final class HostState implements HostUpdater {

    private final NDArray velocity;
    private final TensorFloats velocities;
    private final float[] b = new float[MOST];
    private float rate;

    HostState(NDArray velocity) {
      this.velocity = velocity;
      this.velocities = new TensorFloats(velocity);
    }

    @Override
    public void begin(double learningRate) {
      rate = (float) learningRate;
    }

    @Override
    public void update(long at, float[] weights, float[] gradients, int length) {
      float mu = (float) momentum;
      float decay = (float) weightDecay;
      velocities.get(at, b, length);
      for (int i = 0; i < length; i++) {
        b[i] = mu * b[i] + (gradients[i] + decay * weights[i]);
        weights[i] -= rate * b[i];
      }
      velocities.put(at, b, length);
    }

    @Override
    public OptimizerState state() {
      return new OptimizerState(0, Map.of(VELOCITY, TensorFloats.copyOf(velocity)));
    }

    @Override
    public void restore(OptimizerState state) {
      state.copyTo(VELOCITY, velocity);
    }
  }

  private final class State implements Updater {

    private final NDArray weights;
    private final NDArray velocity;
    private final NDArray mu;
    private final NDArray decay;

    State(NDArray weights, NDManager manager) {
      this.weights = weights;
      this.velocity = manager.zeros(weights.getShape());
      this.mu = manager.create(new float[] {(float) momentum});
      this.decay = manager.create(new float[] {(float) weightDecay});
    }

    @Override
    public void update(NDArray gradients, double learningRate) {
      if (weightDecay > 0) {
        gradients.addi(weights.mul(decay));
      }
      velocity.muli(mu).addi(gradients);
      // Made on the device, since a number of Java would be copied to it.
      NDArray rate = gradients.getManager().full(new Shape(1), (float) learningRate);
      weights.subi(velocity.mul(rate));
    }

    @Override
    public List<NDArray> moments() {
      return List.of(velocity);
    }

    @Override
    public OptimizerState state() {
      return new OptimizerState(0, Map.of(VELOCITY, TensorFloats.copyOf(velocity)));
    }

    @Override
    public void restore(OptimizerState state) {
      state.copyTo(VELOCITY, velocity);
    }
  }
}
