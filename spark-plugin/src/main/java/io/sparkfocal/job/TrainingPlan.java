package io.sparkfocal.job;

import io.sparkfocal.calibration.CalibrationGoal;
import io.sparkfocal.data.FeaturePlan;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.TrainingSettings;
import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything a rank must know to train: made on the driver, sent with the tasks.
 *
 * @param run name of this run, for progress and logs
 * @param attemptKey tells the ranks of this attempt from those of any other
 * @param workers how many ranks train
 * @param columns of the input
 * @param classes how many the labels have
 * @param content of the rows, the same in any order: tells them from others
 * @param sparse whether most features are 0
 * @param encoding how features are encoded
 * @param network the network
 * @param outputBias where the bias of the output layer begins; empty for zeros
 * @param loss the loss
 * @param settings how to train
 * @param calibration what is found out from the validation rows afterwards
 * @param device where to train
 * @param transport what carries gradients
 * @param job settings of the application and its session
 * @param checkpoints where and how often to write them; null for none
 * @param tensorBoard where to write event files; null for none
 * @param initial weights to begin with; null for new ones
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TrainingPlan(
    String run,
    long attemptKey,
    int workers,
    TrainingColumns columns,
    int classes,
    long content,
    boolean sparse,
    FeaturePlan encoding,
    NetworkDescription network,
    float[] outputBias,
    LossSpec loss,
    TrainingSettings settings,
    CalibrationGoal calibration,
    DeviceChoice device,
    Transport transport,
    JobSettings job,
    @Nullable CheckpointPlan checkpoints,
    @Nullable TensorBoardPlan tensorBoard,
    @Nullable InitialWeights initial)
    implements Serializable {

  /** Features of a row. */
  int width() {
    return network.features();
  }

  /** The same for another attempt, with that many ranks. */
  TrainingPlan again(long otherKey, int otherWorkers) {
    return new TrainingPlan(
        run,
        otherKey,
        otherWorkers,
        columns,
        classes,
        content,
        sparse,
        encoding,
        network,
        outputBias,
        loss,
        settings,
        calibration,
        device,
        transport,
        job,
        checkpoints,
        tensorBoard,
        initial);
  }

  /** How many labels a row has that has several; 0 where it has a class. */
  int targets() {
    return calibration.link().isMultilabel() ? classes : 0;
  }

  /**
   * What must be the same for a run to go on from a checkpoint, by name. Learning rate, epochs,
   * patience and the number of workers may change.
   */
  Map<String, String> described() {
    Map<String, String> plan = new LinkedHashMap<>();
    plan.put("network", network.toString());
    plan.put("initial model", String.valueOf(initial));
    plan.put("loss", loss.described());
    plan.put(
        "data",
        "features %s, label %s, weight %s, validation %s, %s features, %s classes, encoding %s %s%s, missing features %s"
            .formatted(
                columns.features(),
                columns.label(),
                columns.weight(),
                columns.validation(),
                network.features(),
                classes,
                encoding.kind(),
                encoding.mostValues(),
                encoding.images() == null && encoding.augmentation().isNone()
                    ? ""
                    : ", images %s %s".formatted(encoding.images(), encoding.augmentation()),
                columns.invalid().label()));
    plan.put("content of the rows", Long.toHexString(content));
    plan.put("number of rows per class", Arrays.toString(loss.counts()));
    plan.put("optimizer", settings.optimizer().toString());
    plan.put("precision", settings.dataType().toString());
    plan.put("validation metric", settings.validationMetric().name());
    plan.put("number of gradientAccumulationSteps", Integer.toString(settings.stepParts()));
    plan.put("batch size", Integer.toString(settings.batchSize()));
    plan.put("seed", Long.toString(settings.seed()));
    return plan;
  }
}
