package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * Stochastic gradient descent with momentum and coupled weight decay, in PyTorch's form:
 *
 * <pre>g += wd w;  b = mu b + g;  w -= lr b</pre>
 *
 * @param momentum mu, from 0 to below 1
 * @param weightDecay wd, at least 0
 */
public record Sgd(double momentum, double weightDecay) implements Optimizer {

  @Override
  public Updater on(NDArray weights, NDManager manager) {
    NDArray velocity = manager.zeros(weights.getShape());
    return (gradients, learningRate) -> {
      if (weightDecay > 0) {
        gradients.addi(weights.mul((float) weightDecay));
      }
      velocity.muli((float) momentum).addi(gradients);
      weights.subi(velocity.mul((float) learningRate));
    };
  }
}
