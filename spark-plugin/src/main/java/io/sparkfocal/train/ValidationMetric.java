package io.sparkfocal.train;

/** What is measured on the validation rows to choose the best epoch. */
public enum ValidationMetric {

  /** Mean loss with sample and class weights, as in training; lower is better. */
  LOSS("loss"),

  /** Mean over the classes present of the share of rows recognised; higher is better. */
  MACRO_RECALL("macroRecall"),

  /** Share of rows recognised; higher is better. */
  ACCURACY("accuracy");

  private final String label;

  ValidationMetric(String label) {
    this.label = label;
  }

  /** The name that users write. */
  public String label() {
    return label;
  }

  /** The metric of that name. */
  public static ValidationMetric of(String label) {
    for (ValidationMetric metric : values()) {
      if (metric.label.equals(label)) {
        return metric;
      }
    }
    throw new IllegalArgumentException(
        "Unknown validation metric \"" + label + "\"; choose loss, macroRecall or accuracy.");
  }

  /** A number that is higher for a better evaluation. */
  public double score(Evaluation evaluation) {
    return switch (this) {
      case LOSS -> -evaluation.loss();
      case MACRO_RECALL -> evaluation.macroRecall();
      case ACCURACY -> evaluation.accuracy();
    };
  }
}
