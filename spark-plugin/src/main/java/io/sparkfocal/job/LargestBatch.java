package io.sparkfocal.job;

import io.sparkfocal.data.BatchMemory;
import java.util.Locale;
import org.apache.spark.SparkConf;

/** What can be known on the driver of how much memory the rows of a step take. */
final class LargestBatch {

  private LargestBatch() {}

  /**
   * Requires that the rows which a worker takes in a step can be put together; on a GPU they may
   * lie in its memory, which has no such limit, so the worker says it there.
   *
   * @throws IllegalArgumentException if they cannot
   */
  static void require(TrainingPlan plan, long trainingRows, SparkConf conf) {
    if (plan.device().mayUseGpu(conf) || plan.sparse()) {
      return;
    }
    int width = plan.network().features() + plan.targets();
    BatchMemory.requireRow(width);
    long most = BatchMemory.mostRows(width);
    long rows = Math.min(plan.settings().batchSize(), trainingRows);
    long ofWorker = (rows + plan.workers() - 1) / plan.workers();
    if (ofWorker > most) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "batchSize is %d, which is %d rows in a step for each worker (there are %d), but only %d rows of %d features fit in 2 GiB; lower batchSize to at most %d, or raise numWorkers.",
              plan.settings().batchSize(),
              ofWorker,
              plan.workers(),
              most,
              width,
              most * plan.workers()));
    }
  }
}
