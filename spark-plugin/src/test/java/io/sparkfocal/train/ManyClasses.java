package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.RankStep;
import java.time.Duration;
import java.util.Map;

/** A program that trains a network of 20,000 classes and validates it on 8,192 rows. */
final class ManyClasses {

  private static final int CLASSES = 20_000;
  private static final int FEATURES = 10;
  private static final int VALIDATION_ROWS = 8192;

  private ManyClasses() {}

  /** Prints what validation found. */
  public static void main(String[] arguments) {
    LossSpec loss =
        new LossSpec("focal", Map.of(), new long[CLASSES], new float[0], 0, Reduction.MEAN);
    TrainingListener silent =
        new TrainingListener() {
          @Override
          public void beforeStep() {}

          @Override
          public void epochCompleted(EpochReport report) {}
        };
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      TensorCollective alone = new TensorCollective(new SoloCollective());
      RankStep step = new RankStep(1, alone);
      Block network =
          new MlpNetwork()
              .create(
                  FEATURES,
                  CLASSES,
                  MlpNetwork.arguments(new int[] {8}, 0, false),
                  new Layers(step));
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 1);
      TrainingLoop loop =
          new TrainingLoop(
              network,
              parameters,
              loss,
              CLASSES,
              TrainingRun.settings(1, 32, new AdamW(0), 0.01),
              step,
              alone,
              Duration.ofMinutes(2),
              silent,
              FusedKernels.none(),
              manager);
      TrainingOutcome outcome =
          loop.run(
              rows(64, manager),
              rows(VALIDATION_ROWS, manager),
              new RunSize(64, 64, VALIDATION_ROWS));
      System.out.println("validated: " + outcome.epochs().get(0).validation());
    }
  }

  private static Shard rows(int count, NDManager manager) {
    NDArray numbers = manager.arange((float) count);
    return FusedKernels.none()
        .shard(
            new Batch(
                numbers.reshape(count, 1).add(manager.arange((float) FEATURES)).sin(),
                numbers.toType(DataType.INT64, false),
                manager.ones(new Shape(count))),
            shuffle -> shuffle.order(count));
  }
}
