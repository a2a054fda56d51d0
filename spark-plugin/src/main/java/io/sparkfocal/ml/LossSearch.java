package io.sparkfocal.ml;

import io.sparkfocal.calibration.CalibrationReport;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.ml.FocalLossClassifier.Input;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import io.sparkfocal.train.ValidationMetric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.param.ParamMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * Trains an estimator with one loss after another and keeps the model that validates best.
 *
 * <p>Each loss chooses its best epoch by the estimator's validationMetric, and losses are compared
 * by it too; by macro recall where the metric is the loss, since values of different losses say
 * nothing about each other, or, of rows with several labels, by macro F1, which chooses the epoch
 * then; equals by the likelihood of the validation rows, every class counting the same. A fold of
 * Spark's tuning that has no validation rows trains the first loss alone.
 */
final class LossSearch {

  private static final Logger LOG = LoggerFactory.getLogger(LossSearch.class);

  private final FocalLossClassifier estimator;
  private final TrainingJob job;
  private final Warnings warnings;

  LossSearch(FocalLossClassifier estimator, TrainingJob job, Warnings warnings) {
    this.estimator = estimator;
    this.job = job;
    this.warnings = warnings;
  }

  FocalLossClassificationModel fit(Input input) {
    ValidationMetric metric = metric(input, ValidationMetric.MACRO_RECALL);
    List<LossScore> scores = new ArrayList<>();
    FocalLossClassificationModel best = null;
    LossScore bestScore = null;
    for (FocalLossClassifier candidate : candidates(input)) {
      long start = System.nanoTime();
      FocalLossClassificationModel model = candidate.train(input, job, warnings);
      if (model.summary().validationRows() == 0) {
        model.setParent(estimator);
        return model;
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      LossScore score =
          new LossScore(
              LossChoice.of(candidate).toString(),
              metric.score(validation(model)),
              likelihood(model),
              seconds);
      scores.add(score);
      if (bestScore == null || score.isBetterThan(bestScore)) {
        best = model;
        bestScore = score;
      }
    }
    return kept(best, scores);
  }

  /** What was asked for; for the loss, macro F1 of several labels, else the given one. */
  private ValidationMetric metric(Input input, ValidationMetric otherwise) {
    ValidationMetric chosen = ValidationMetric.of(estimator.getValidationMetric());
    if (chosen != ValidationMetric.LOSS) {
      return chosen;
    }
    return input.counts().isMultilabel() ? ValidationMetric.MACRO_F1 : otherwise;
  }

  private FocalLossClassificationModel kept(
      @Nullable FocalLossClassificationModel best, List<LossScore> scores) {
    if (best == null) {
      throw new IllegalStateException("No loss was tried.");
    }
    FocalLossClassificationModel model = best.copy(ParamMap.empty());
    model.setSummary(Option.apply(best.summary().with(List.copyOf(scores))));
    model.setParent(estimator);
    return model;
  }

  /**
   * An estimator per loss, each checked before the first one trains; what does not go with the
   * other params is left out of the default list, and refused in a list of the user's.
   */
  private List<FocalLossClassifier> candidates(Input input) {
    String[] texts = estimator.getLossSearch();
    boolean isDefault = Arrays.equals(texts, new String[] {"default"});
    List<LossChoice> choices =
        isDefault
            ? input.counts().isMultilabel()
                ? LossChoice.MULTILABEL_SEARCH
                : LossChoice.DEFAULT_SEARCH
            : Arrays.stream(texts).map(LossChoice::parse).toList();
    List<FocalLossClassifier> candidates = new ArrayList<>();
    for (LossChoice choice : choices) {
      FocalLossClassifier candidate = estimator.copy(ParamMap.empty());
      candidate.set(candidate.lossSearch(), new String[0]);
      choice.applyTo(candidate);
      candidate.setValidationMetric(metric(input, ValidationMetric.LOSS).label());
      try {
        new EstimatorPlan(candidate, input).outputLayer(input.counts());
        candidates.add(candidate);
      } catch (IllegalArgumentException e) {
        if (!isDefault) {
          throw e;
        }
        LOG.info("{} is not tried: {}", choice, e.getMessage());
      }
    }
    // A fold without validation rows cannot compare.
    return input.counts().canValidate() ? candidates : candidates.stream().limit(1).toList();
  }

  /** The worst there is where the rows could not be looked at. */
  private static double likelihood(FocalLossClassificationModel model) {
    CalibrationReport report = model.summary().calibration();
    return report == null ? Double.POSITIVE_INFINITY : report.balancedLogLikelihood();
  }

  private static Evaluation validation(FocalLossClassificationModel model) {
    TrainingSummary summary = model.summary();
    EpochReport epoch = summary.epochs().get(summary.bestEpoch() - 1);
    if (epoch.validation() == null) {
      throw new IllegalStateException("An epoch with validation rows was not validated.");
    }
    return epoch.validation();
  }
}
