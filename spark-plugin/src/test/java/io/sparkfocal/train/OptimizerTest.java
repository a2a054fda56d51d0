package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against PyTorch's formulas, in double. */
class OptimizerTest {

  private static final float[] START = {1f, -2f, 0.5f, 0f};
  private static final int STEPS = 25;

  private static float gradient(int step, int index) {
    return (float) Math.sin(1 + step * 0.7 + index * 1.3) * (index == 3 ? 1e-6f : 1);
  }

  private static double rate(int step) {
    return 0.01 / (1 + step * 0.1);
  }

  private static float[] trainedOnHost(Optimizer optimizer) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      return trainedOnHost(optimizer.onHost(START.length, manager));
    }
  }

  private static float[] trainedOnHost(Optimizer.HostUpdater updater) {
    float[] weights = START.clone();
    for (int step = 0; step < STEPS; step++) {
      updater.begin(rate(step));
      // In two pieces, as blocks of a large network.
      for (int from : new int[] {0, 3}) {
        int to = from == 0 ? 3 : weights.length;
        float[] piece = Arrays.copyOfRange(weights, from, to);
        updater.update(from, piece, Arrays.copyOfRange(gradients(step), from, to), to - from);
        System.arraycopy(piece, 0, weights, from, to - from);
      }
    }
    return weights;
  }

  private static float[] trained(Optimizer optimizer) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray weights = manager.create(START);
      Optimizer.Updater updater = optimizer.on(weights, manager);
      for (int step = 0; step < STEPS; step++) {
        updater.update(manager.create(gradients(step)), rate(step));
      }
      assertThat(weights.toFloatArray())
          .containsExactly(trainedOnHost(optimizer), Offset.offset(1e-6f));
      return weights.toFloatArray();
    }
  }

  private static float[] gradients(int step) {
    float[] gradients = new float[START.length];
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = gradient(step, i);
    }
    return gradients;
  }

  @Test
  void adamWFollowsTheFormula() {
    float[] trained = trained(new AdamW(0.1));
    for (int i = 0; i < START.length; i++) {
      double w = START[i];
      double m = 0;
      double v = 0;
      for (int step = 0; step < STEPS; step++) {
        double g = gradient(step, i);
        w -= rate(step) * 0.1 * w;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        double mHat = m / (1 - Math.pow(0.9, step + 1));
        double vHat = v / (1 - Math.pow(0.999, step + 1));
        w -= rate(step) * mHat / (Math.sqrt(vHat) + 1e-8);
      }
      assertThat((double) trained[i]).isCloseTo(w, Offset.offset(2e-6));
    }
  }

  @Test
  void sgdFollowsTheFormula() {
    float[] trained = trained(new Sgd(0.9, 0.05));
    for (int i = 0; i < START.length; i++) {
      double w = START[i];
      double b = 0;
      for (int step = 0; step < STEPS; step++) {
        b = 0.9 * b + gradient(step, i) + 0.05 * w;
        w -= rate(step) * b;
      }
      assertThat((double) trained[i]).isCloseTo(w, Offset.offset(2e-6));
    }
  }

  /** Half the steps with one, the rest with another that takes over its state. */
  @ParameterizedTest
  @ValueSource(strings = {"adamW", "sgd"})
  void whatOneRemembersAnotherGoesOnWith(String name) {
    Optimizer optimizer = name.equals("sgd") ? new Sgd(0.9, 0.05) : new AdamW(0.1);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray weights = manager.create(START);
      Optimizer.Updater updater = optimizer.on(weights, manager);
      for (int step = 0; step < STEPS; step++) {
        if (step == STEPS / 2) {
          OptimizerState state = updater.state();
          Optimizer.HostUpdater onHost = optimizer.onHost(START.length, manager);
          onHost.restore(state);
          updater = optimizer.on(weights, manager);
          updater.restore(onHost.state());
        }
        updater.update(manager.create(gradients(step)), rate(step));
      }
      assertThat(weights.toFloatArray()).isEqualTo(trained(optimizer));
    }
  }
}
