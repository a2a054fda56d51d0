package io.sparkfocal.train;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What is measured on the validation rows to choose the best epoch.
 *
 * <p>Probabilities are those of the model before calibration. Macro means over the classes that
 * have validation rows; sample weights count in all but {@link #MACRO_RECALL} and {@link
 * #ACCURACY}. Where a row has several labels, each is a class against all other rows, which is
 * there if its probability is at least 0.5.
 */
public enum ValidationMetric {

  /** Mean loss with sample and class weights, as in training; lower is better. */
  LOSS("loss"),

  /** Mean over the classes present of the share of rows recognised; higher is better. */
  MACRO_RECALL("macroRecall"),

  /** Share of rows recognised, of several labels all of them; higher is better. */
  ACCURACY("accuracy"),

  /** Macro F1 of the class with the largest probability; higher is better. */
  MACRO_F1("macroF1"),

  /**
   * F1 of all labels of all rows together, which is the accuracy of rows with one class each;
   * higher is better.
   */
  MICRO_F1("microF1"),

  /**
   * Mean of -log p of the true class, without class weights, or over several labels of their binary
   * cross entropy; lower is better.
   */
  LOG_LOSS("logLoss"),

  /**
   * Macro average precision of each class against the others, of class 1 alone if there are two;
   * higher is better.
   */
  PR_AUC("prAuc"),

  /**
   * Macro area under the ROC curve of each class against the others, of class 1 alone if there are
   * two; higher is better.
   */
  AUC("auc");

  private final String label;

  ValidationMetric(String label) {
    this.label = label;
  }

  /** The name that users write. */
  public String label() {
    return label;
  }

  /** Whether a lower value is a better one. */
  public boolean isLowerBetter() {
    return this == LOSS || this == LOG_LOSS;
  }

  /** The metric of that name. */
  public static ValidationMetric of(String label) {
    for (ValidationMetric metric : values()) {
      if (metric.label.equals(label)) {
        return metric;
      }
    }
    throw new IllegalArgumentException(
        "Unknown validation metric \"%s\"; choose %s.".formatted(label, names()));
  }

  /** All names, as a sentence lists them. */
  public static String names() {
    return names(Arrays.asList(values()));
  }

  /** The names of some, at least two, as a sentence lists them. */
  public static String names(List<ValidationMetric> some) {
    List<String> names = some.stream().map(ValidationMetric::label).toList();
    int last = names.size() - 1;
    return names.stream().limit(last).collect(Collectors.joining(", ")) + " or " + names.get(last);
  }

  /**
   * Requires that it can be measured with so many classes.
   *
   * @throws IllegalArgumentException if it cannot
   */
  public void requireClasses(int classes) {
    if ((this == PR_AUC || this == AUC) && classes > ScoreHistogram.MOST_CURVES) {
      throw new IllegalArgumentException(
          "validationMetric is %s, but there are %s classes and it takes at most %s; set it to macroF1, macroRecall or logLoss."
              .formatted(label, classes, ScoreHistogram.MOST_CURVES));
    }
  }

  /** A number that is higher for a better evaluation; NaN if the evaluation cannot tell. */
  public double score(Evaluation evaluation) {
    return switch (this) {
      case LOSS -> -evaluation.loss();
      case MACRO_RECALL -> evaluation.macroRecall();
      case ACCURACY -> evaluation.accuracy();
      case LOG_LOSS -> -evaluation.metric();
      case MACRO_F1, MICRO_F1, PR_AUC, AUC -> evaluation.metric();
    };
  }
}
