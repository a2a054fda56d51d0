package io.sparkfocal.ml;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.sparkfocal.calibration.CalibrationReport;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.job.TrainingResult;
import io.sparkfocal.train.EpochReport;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the training of a model went.
 *
 * @param epochs loss, validation and speed of each epoch
 * @param bestEpoch the epoch of the model's weights, from 1
 * @param classCounts training rows of each class
 * @param validationRows rows that chose the best epoch
 * @param numWorkers ranks that trained; after a restart, those that finished
 * @param restarts how often training began again after a failure
 * @param device where rank 0 trained: cpu() or gpu(n)
 * @param loss with its numbers and class weights
 * @param calibration of the model's probabilities on the validation rows; null without such rows,
 *     or where that failed
 * @param search how the losses did in a loss search; empty if there was none
 */
@DefaultSerializer(JavaSerializer.class) // Kryo knows no records
public record TrainingSummary(
    List<EpochReport> epochs,
    int bestEpoch,
    long[] classCounts,
    long validationRows,
    int numWorkers,
    int restarts,
    String device,
    String loss,
    @Nullable CalibrationReport calibration,
    List<LossScore> search)
    implements org.apache.spark.ml.classification.TrainingSummary, Serializable {

  static TrainingSummary of(TrainingResult result, LabelCounts counts, LossChoice loss) {
    return new TrainingSummary(
        List.copyOf(result.epochs()),
        result.bestEpoch(),
        counts.classRows().clone(),
        counts.validationRows(),
        result.workers(),
        result.restarts(),
        result.device(),
        loss.toString(),
        result.calibrated().report(),
        List.of());
  }

  TrainingSummary with(List<LossScore> scores) {
    return new TrainingSummary(
        epochs,
        bestEpoch,
        classCounts,
        validationRows,
        numWorkers,
        restarts,
        device,
        loss,
        calibration,
        scores);
  }

  /** Mean training loss of each epoch. */
  @Override
  public double[] objectiveHistory() {
    return epochs.stream().mapToDouble(EpochReport::trainingLoss).toArray();
  }

  /** All of it as a JSON object, whose names are those of the components. */
  public String toJson() {
    return SummaryFile.text(this);
  }

  /** How many epochs were trained. */
  @Override
  public int totalIterations() {
    return epochs.size();
  }

  /** Training rows of all ranks per second, over the epochs, without validation. */
  public double rowsPerSecond() {
    // Each epoch trains on the same rows, so the mean rate is the harmonic one.
    return epochs.size() / epochs.stream().mapToDouble(e -> 1 / e.rowsPerSecond()).sum();
  }
}
