package io.sparkfocal.ml;

import io.sparkfocal.job.ProxiedJob;
import io.sparkfocal.job.TrainingJob;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** {@code fit} through a proxy between the ranks. */
public final class ProxiedFit {

  private ProxiedFit() {}

  /**
   * Trains, and deletes the checkpoints as {@code fit} does.
   *
   * @param proxy as {@link ProxiedJob#of} takes it
   */
  public static FocalLossClassificationModel fit(
      FocalLossClassifier estimator, Dataset<Row> rows, String proxy) {
    try (TrainingJob job = ProxiedJob.of(rows.sparkSession(), proxy)) {
      return estimator.fit(rows, job);
    }
  }
}
