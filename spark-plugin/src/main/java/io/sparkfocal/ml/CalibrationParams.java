package io.sparkfocal.ml;

import io.sparkfocal.calibration.ThresholdTuning;
import java.io.Serializable;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * How class frequencies and validation rows shape the scores, apart from the loss.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface CalibrationParams<S extends CalibrationParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder calibrationParams();

  /**
   * Param: whether the bias of the output layer begins at the class frequencies (log pi, for a
   * sigmoid log(pi / (1 - pi))), which calms the first steps on very rare classes; not for losses
   * that adjust logits themselves (default false).
   */
  default BooleanParam priorBias() {
    return calibrationParams().priorBias;
  }

  /**
   * Param: tau of a logit adjustment after training (Menon et al., arXiv 2007.07314): tau times the
   * log frequency of each class is taken from its logit; 0 for none (default 0.0).
   */
  default DoubleParam logitAdjustment() {
    return calibrationParams().logitAdjustment;
  }

  /**
   * Param: none, or temperature: divides the logits by the number that makes the probabilities of
   * the validation rows most likely (Guo et al., arXiv 1706.04599) (default none).
   */
  default Param<String> calibration() {
    return calibrationParams().calibration;
  }

  /**
   * Param: chooses the model's thresholds on the validation rows: none, f1 (largest macro F1), or
   * recall=R (of two classes, class 1 is recognised with at least recall R, with as few false
   * alarms as that allows; of more, each against the rest) (default none).
   */
  default Param<String> thresholdTuning() {
    return calibrationParams().thresholdTuning;
  }

  /** Value of {@link #priorBias}. */
  default boolean getPriorBias() {
    return (boolean) getOrDefault(priorBias());
  }

  /** Value of {@link #logitAdjustment}. */
  default double getLogitAdjustment() {
    return (double) getOrDefault(logitAdjustment());
  }

  /** Value of {@link #calibration}. */
  default String getCalibration() {
    return getOrDefault(calibration());
  }

  /** Value of {@link #thresholdTuning}. */
  default String getThresholdTuning() {
    return getOrDefault(thresholdTuning());
  }

  /** Sets {@link #priorBias}. */
  default S setPriorBias(boolean value) {
    return chained(priorBias(), value);
  }

  /** Sets {@link #logitAdjustment}. */
  default S setLogitAdjustment(double value) {
    return chained(logitAdjustment(), value);
  }

  /** Sets {@link #calibration}. */
  default S setCalibration(String value) {
    return chained(calibration(), value);
  }

  /** Sets {@link #thresholdTuning}. */
  default S setThresholdTuning(String value) {
    return chained(thresholdTuning(), value);
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final BooleanParam priorBias;
    final DoubleParam logitAdjustment;
    final Param<String> calibration;
    final Param<String> thresholdTuning;

    Holder(Params owner) {
      priorBias =
          new BooleanParam(
              owner,
              "priorBias",
              "whether the bias of the output layer begins at the class frequencies");
      logitAdjustment =
          new DoubleParam(
              owner,
              "logitAdjustment",
              "tau of a logit adjustment after training; 0 for none",
              ParamCheck.atLeast("logitAdjustment", 0));
      calibration =
          new Param<>(
              owner,
              "calibration",
              "none, or temperature: divides the logits by a number chosen on the validation rows",
              ParamCheck.name("calibration", Choices::calibration));
      thresholdTuning =
          new Param<>(
              owner,
              "thresholdTuning",
              "chooses thresholds on the validation rows: none, f1, or recall=R",
              ParamCheck.text("thresholdTuning", ThresholdTuning::parse));
      owner.setDefault(priorBias, false);
      owner.setDefault(logitAdjustment, 0.0);
      owner.setDefault(calibration, "none");
      owner.setDefault(thresholdTuning, "none");
    }
  }
}
