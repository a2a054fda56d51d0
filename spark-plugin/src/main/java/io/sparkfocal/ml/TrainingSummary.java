package io.sparkfocal.ml;

import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.job.TrainingResult;
import io.sparkfocal.train.EpochReport;
import java.io.Serializable;
import java.util.List;

/**
 * How the training of a model went.
 *
 * @param epochs loss, validation and speed of each epoch
 * @param bestEpoch the epoch of the model's weights, from 1
 * @param classCounts training rows of each class
 * @param validationRows rows that chose the best epoch
 * @param numWorkers ranks that trained
 * @param device where rank 0 trained: cpu() or gpu(n)
 */
public record TrainingSummary(
    List<EpochReport> epochs,
    int bestEpoch,
    long[] classCounts,
    long validationRows,
    int numWorkers,
    String device)
    implements Serializable {

  static TrainingSummary of(TrainingResult result, LabelCounts counts, int workers) {
    return new TrainingSummary(
        List.copyOf(result.epochs()),
        result.bestEpoch(),
        counts.classRows().clone(),
        counts.validationRows(),
        workers,
        result.device());
  }

  /** Mean training loss of each epoch. */
  public double[] objectiveHistory() {
    return epochs.stream().mapToDouble(EpochReport::trainingLoss).toArray();
  }

  /** Training rows of all ranks per second, over the epochs, without validation. */
  public double rowsPerSecond() {
    // Each epoch trains on the same rows, so the mean rate is the harmonic one.
    return epochs.size() / epochs.stream().mapToDouble(e -> 1 / e.rowsPerSecond()).sum();
  }
}
