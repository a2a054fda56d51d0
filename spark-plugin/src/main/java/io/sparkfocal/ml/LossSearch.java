package io.sparkfocal.ml;

import io.sparkfocal.calibration.CalibrationReport;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import io.sparkfocal.train.ValidationMetric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.jspecify.annotations.Nullable;

/**
 * Trains an estimator with one loss after another and keeps the model that validates best.
 *
 * <p>Each loss chooses its best epoch by the estimator's validationMetric. Losses are compared by
 * accuracy where that is the metric, else by macro recall, since their own values say nothing about
 * each other; equals by the likelihood of the validation rows, every class counting the same.
 */
final class LossSearch {

  private final FocalLossClassifier estimator;

  LossSearch(FocalLossClassifier estimator) {
    this.estimator = estimator;
  }

  FocalLossClassificationModel fit(Dataset<?> dataset) {
    requireValidationRows();
    ValidationMetric metric =
        ValidationMetric.of(estimator.getValidationMetric()) == ValidationMetric.ACCURACY
            ? ValidationMetric.ACCURACY
            : ValidationMetric.MACRO_RECALL;
    List<LossScore> scores = new ArrayList<>();
    FocalLossClassificationModel best = null;
    LossScore bestScore = null;
    for (LossChoice choice : choices()) {
      FocalLossClassifier candidate = estimator.copy(ParamMap.empty());
      candidate.set(candidate.lossSearch(), new String[0]);
      choice.applyTo(candidate);
      long start = System.nanoTime();
      FocalLossClassificationModel model = candidate.fit(dataset);
      double seconds = (System.nanoTime() - start) / 1e9;
      LossScore score =
          new LossScore(
              choice.toString(),
              metric.score(validation(model)),
              calibration(model).balancedLogLikelihood(),
              seconds);
      scores.add(score);
      if (bestScore == null || score.isBetterThan(bestScore)) {
        best = model;
        bestScore = score;
      }
    }
    return kept(best, scores);
  }

  private FocalLossClassificationModel kept(
      @Nullable FocalLossClassificationModel best, List<LossScore> scores) {
    if (best == null) {
      throw new IllegalStateException("No loss was tried.");
    }
    FocalLossClassificationModel model =
        best.with(best.summary().orElseThrow().with(List.copyOf(scores)));
    model.setParent(estimator);
    return model;
  }

  private List<LossChoice> choices() {
    String[] texts = estimator.getLossSearch();
    return Arrays.equals(texts, new String[] {"default"})
        ? LossChoice.DEFAULT_SEARCH
        : Arrays.stream(texts).map(LossChoice::parse).toList();
  }

  private void requireValidationRows() {
    if (estimator.getValidationIndicatorCol().isEmpty()) {
      throw new IllegalArgumentException(
          "lossSearch compares losses on validation rows, but there are none; set validationIndicatorCol, or lossSearch to nothing.");
    }
  }

  private static CalibrationReport calibration(FocalLossClassificationModel model) {
    CalibrationReport report = model.summary().orElseThrow().calibration();
    if (report == null) {
      throw new IllegalStateException("A model with validation rows has no calibration.");
    }
    return report;
  }

  private static Evaluation validation(FocalLossClassificationModel model) {
    TrainingSummary summary = model.summary().orElseThrow();
    EpochReport epoch = summary.epochs().get(summary.bestEpoch() - 1);
    if (epoch.validation() == null) {
      throw new IllegalArgumentException(
          "lossSearch compares losses on validation rows, but validationIndicatorCol marks none; mark some.");
    }
    return epoch.validation();
  }
}
