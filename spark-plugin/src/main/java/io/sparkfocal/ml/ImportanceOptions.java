package io.sparkfocal.ml;

import io.sparkfocal.train.ValidationMetric;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How {@link FocalLossClassificationModel#featureImportances} measures.
 *
 * @param metric what gets worse: macroRecall, accuracy, macroF1, microF1, logLoss, prAuc or auc, of
 *     the model's probabilities and predictions; every row counts once
 * @param repeats how often the values of a feature are shuffled, from 1 to 100
 * @param seed of the shuffles
 * @param labelCol column of the labels; null for that of the training
 */
public record ImportanceOptions(String metric, int repeats, long seed, @Nullable String labelCol) {

  private static final int MOST_REPEATS = 100;

  /**
   * Checks them.
   *
   * @throws IllegalArgumentException if the metric is unknown, or repeats is out of range
   */
  public ImportanceOptions {
    List<ValidationMetric> known =
        Arrays.stream(ValidationMetric.values())
            .filter(value -> value != ValidationMetric.LOSS)
            .toList();
    if (known.stream().noneMatch(value -> value.label().equals(metric))) {
      throw new IllegalArgumentException(
          "metric is \"%s\"; choose %s.".formatted(metric, ValidationMetric.names(known)));
    }
    if (repeats < 1 || repeats > MOST_REPEATS) {
      throw new IllegalArgumentException(
          "repeats is %s; it must be from 1 to %s.".formatted(repeats, MOST_REPEATS));
    }
  }

  /** Five repeats of prAuc. */
  public static ImportanceOptions defaults() {
    return new ImportanceOptions(ValidationMetric.PR_AUC.label(), 5, 0, null);
  }

  /** The same with another metric. */
  public ImportanceOptions withMetric(String value) {
    return new ImportanceOptions(value, repeats, seed, labelCol);
  }

  /** The same with another number of repeats. */
  public ImportanceOptions withRepeats(int value) {
    return new ImportanceOptions(metric, value, seed, labelCol);
  }

  /** The same with another seed. */
  public ImportanceOptions withSeed(long value) {
    return new ImportanceOptions(metric, repeats, value, labelCol);
  }

  /** The same with another label column. */
  public ImportanceOptions withLabelCol(String value) {
    return new ImportanceOptions(metric, repeats, seed, value);
  }
}
