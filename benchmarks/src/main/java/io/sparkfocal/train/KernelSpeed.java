package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import java.util.function.Supplier;

/** Times the kernels of a device beside PyTorch's operations and a copy; benchmarks call it. */
public final class KernelSpeed {

  private static final int REPEATS = 20;
  private static final int FEATURES = 32;

  private KernelSpeed() {}

  /**
   * Focal loss with its gradient for logits of shape (rows, classes).
   *
   * @return seconds as "ours composed copy", the last of the logits, which are as many bytes read
   *     and written
   */
  public static String focal(Device device, int rows, int classes) {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      FocalLoss loss = FocalLoss.builder().build();
      LossKernel composed = loss.prepare(manager, DataType.FLOAT32);
      LossKernel ours = FusedKernels.on(device).loss(loss, l -> composed, classes, null, manager);
      NDArray logits = manager.randomNormal(new Shape(rows, classes));
      NDArray labels = manager.arange(rows).mod(classes).toType(DataType.INT64, false);
      return "%s %s %s"
          .formatted(
              seconds(() -> ours.evaluate(logits, labels, null, Reduction.MEAN).sums()),
              seconds(() -> composed.evaluate(logits, labels, null, Reduction.MEAN).sums()),
              seconds(logits::duplicate));
    }
  }

  /**
   * An update by AdamW with clipping, for about that many weights.
   *
   * @return seconds as "ours composed copy", the last of the weights; an update reads and writes
   *     four times as much
   */
  public static String adamW(Device device, int weights) {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      int width = (int) Math.sqrt(weights);
      var network =
          new MlpNetwork()
              .create(
                  FEATURES,
                  2,
                  MlpNetwork.arguments(new int[] {width, width}, 0, false),
                  Layers.forInference());
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 1);
      TensorCollective alone = new TensorCollective(new SoloCollective());
      TrainingSettings settings =
          new TrainingSettings(
              1,
              1,
              1e-3,
              new AdamW(0.01),
              LearningRateSchedule.CONSTANT,
              0,
              1,
              1,
              1,
              ValidationMetric.LOSS,
              0,
              DataType.FLOAT32);
      WeightUpdate ours = FusedKernels.on(device).update(parameters, alone, settings, manager);
      WeightUpdate composed = new TensorUpdate(parameters, alone, settings, manager);
      NDArray all = parameters.all();
      return "%s %s %s"
          .formatted(
              seconds(() -> applied(ours, all)),
              seconds(() -> applied(composed, all)),
              seconds(all::duplicate));
    }
  }

  private static NDArray applied(WeightUpdate update, NDArray weights) {
    update.apply(1e-3);
    return weights;
  }

  /** Of one call: many are launched, then the last result is waited for. */
  private static double seconds(Supplier<NDArray> work) {
    long start = 0;
    for (int call = -REPEATS; call < REPEATS; call++) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray result = work.get();
        if (call == -1 || call == REPEATS - 1) {
          result.reshape(-1).get("0:1").toFloatArray();
        }
      }
      if (call == -1) {
        start = System.nanoTime();
      }
    }
    return (System.nanoTime() - start) / 1e9 / REPEATS;
  }
}
