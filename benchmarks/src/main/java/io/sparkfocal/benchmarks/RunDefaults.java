package io.sparkfocal.benchmarks;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.train.AdamW;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.LearningRateSchedule;
import io.sparkfocal.train.TrainingListener;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.util.function.Consumer;

/** What trainings of benchmarks have in common; needs no Spark. */
final class RunDefaults {

  private RunDefaults() {}

  static TrainingListener listener(Consumer<EpochReport> afterEpoch) {
    return new TrainingListener() {
      @Override
      public void beforeStep() {}

      @Override
      public void epochCompleted(EpochReport report) {
        afterEpoch.accept(report);
      }
    };
  }

  static TrainingSettings settings(int batchSize, int epochs, DataType precision) {
    return new TrainingSettings(
        epochs,
        batchSize,
        1e-3,
        new AdamW(0.01),
        LearningRateSchedule.CONSTANT,
        0,
        0,
        1,
        1,
        ValidationMetric.LOSS,
        0,
        precision);
  }
}
