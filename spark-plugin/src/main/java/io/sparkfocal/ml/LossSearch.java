package io.sparkfocal.ml;

import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import io.sparkfocal.train.ValidationMetric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.jspecify.annotations.Nullable;

/** Trains an estimator with one loss after another and keeps the model that validates best. */
final class LossSearch {

  private final FocalLossClassifier estimator;

  LossSearch(FocalLossClassifier estimator) {
    this.estimator = estimator;
  }

  FocalLossClassificationModel fit(Dataset<?> dataset) {
    ValidationMetric metric =
        estimator.isSet(estimator.validationMetric())
            ? ValidationMetric.of(estimator.getValidationMetric())
            : ValidationMetric.MACRO_RECALL;
    requireComparable(metric);
    List<LossScore> scores = new ArrayList<>();
    FocalLossClassificationModel best = null;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (LossChoice choice : choices()) {
      FocalLossClassifier candidate = estimator.copy(ParamMap.empty());
      candidate.set(candidate.lossSearch(), new String[0]);
      candidate.setValidationMetric(metric.label());
      choice.applyTo(candidate);
      long start = System.nanoTime();
      FocalLossClassificationModel model = candidate.fit(dataset);
      double seconds = (System.nanoTime() - start) / 1e9;
      double score = metric.score(validation(model));
      scores.add(new LossScore(choice.toString(), score, seconds));
      // Of equals the first, which is the plainer in the usual set.
      if (best == null || score > bestScore) {
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

  private void requireComparable(ValidationMetric metric) {
    if (estimator.getValidationIndicatorCol().isEmpty()) {
      throw new IllegalArgumentException(
          "lossSearch compares losses on validation rows, but there are none; set validationIndicatorCol, or lossSearch to nothing.");
    }
    if (metric == ValidationMetric.LOSS) {
      throw new IllegalArgumentException(
          "lossSearch cannot compare losses by their own values; set validationMetric to macroRecall or accuracy.");
    }
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
