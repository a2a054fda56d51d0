package io.sparkfocal.ml;

import java.io.Serializable;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.shared.HasWeightCol;

/**
 * Which rows are trained on, how they count, and what is done to their features.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface RowParams<S extends RowParams<S>> extends Chained<S>, HasWeightCol {

  /** The holder of the params below. */
  Holder rowParams();

  /**
   * Param: column of the label, whole numbers from 0; or of several labels of a row, an array or a
   * vector of numbers from 0 to 1 (default label).
   */
  Param<String> labelCol();

  /** Param: column of the sample weight; empty for weight 1 (default empty). */
  @Override
  default Param<String> weightCol() {
    return rowParams().weightCol;
  }

  /**
   * Param: boolean column, true for rows that choose the best epoch and are not trained on; empty
   * for those that validationFraction keeps aside (default empty).
   */
  default Param<String> validationIndicatorCol() {
    return rowParams().validationIndicatorCol;
  }

  /**
   * Param: without a validationIndicatorCol, the part of the rows that choose the best epoch and
   * are not trained on: those with the smallest hashes of their features, so that equal rows are
   * kept together; none of fewer than 1,000 rows, unless calibration, thresholdTuning, lossSearch
   * or earlyStoppingPatience needs them; 0 for none (default 0.1).
   */
  default DoubleParam validationFraction() {
    return rowParams().validationFraction;
  }

  /**
   * Param: how many values of a category have an embedding of their own, the most frequent ones;
   * the others share one with values that training never saw, and so do those with fewer than five
   * rows in a sample of the training rows (default 256).
   */
  default IntParam maxCategories() {
    return rowParams().maxCategories;
  }

  /**
   * Param: whether features are shifted and scaled to mean 0 and deviation 1 over the training rows
   * (default true).
   */
  default BooleanParam standardization() {
    return rowParams().standardization;
  }

  /**
   * Param: how many classes there are, where rows and the label's metadata may not show all, as in
   * a fold without the rarest class: at least 2 and the highest label + 1; a class without rows
   * gets a probability, and a name {@code __class_N} if the others have names; 0 for those that
   * rows and metadata show (default 0).
   */
  default IntParam numClasses() {
    return rowParams().numClasses;
  }

  /** Value of {@link #labelCol}. */
  String getLabelCol();

  /** Spark's own param of this name, which the one above stands for. */
  @Override
  default void org$apache$spark$ml$param$shared$HasWeightCol$_setter_$weightCol_$eq(
      Param<String> value) {}

  /** Value of {@link #weightCol}. */
  @Override
  default String getWeightCol() {
    return getOrDefault(weightCol());
  }

  /** Value of {@link #validationIndicatorCol}. */
  default String getValidationIndicatorCol() {
    return getOrDefault(validationIndicatorCol());
  }

  /** Value of {@link #validationFraction}. */
  default double getValidationFraction() {
    return (double) getOrDefault(validationFraction());
  }

  /** Value of {@link #maxCategories}. */
  default int getMaxCategories() {
    return (int) getOrDefault(maxCategories());
  }

  /** Value of {@link #standardization}. */
  default boolean getStandardization() {
    return (boolean) getOrDefault(standardization());
  }

  /** Value of {@link #numClasses}. */
  default int getNumClasses() {
    return (int) getOrDefault(numClasses());
  }

  /** Sets {@link #labelCol}. */
  S setLabelCol(String value);

  /** Sets {@link #weightCol}. */
  default S setWeightCol(String value) {
    return chained(weightCol(), value);
  }

  /** Sets {@link #validationIndicatorCol}. */
  default S setValidationIndicatorCol(String value) {
    return chained(validationIndicatorCol(), value);
  }

  /** Sets {@link #validationFraction}. */
  default S setValidationFraction(double value) {
    return chained(validationFraction(), value);
  }

  /** Sets {@link #maxCategories}. */
  default S setMaxCategories(int value) {
    return chained(maxCategories(), value);
  }

  /** Sets {@link #standardization}. */
  default S setStandardization(boolean value) {
    return chained(standardization(), value);
  }

  /** Sets {@link #numClasses}. */
  default S setNumClasses(int value) {
    return chained(numClasses(), value);
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final Param<String> weightCol;
    final Param<String> validationIndicatorCol;
    final DoubleParam validationFraction;
    final IntParam maxCategories;
    final BooleanParam standardization;
    final IntParam numClasses;

    Holder(Params owner) {
      weightCol =
          new Param<>(owner, "weightCol", "column of the sample weight; empty for weight 1");
      validationIndicatorCol =
          new Param<>(
              owner,
              "validationIndicatorCol",
              "boolean column, true for rows that choose the best epoch and are not trained on; empty for those that validationFraction keeps aside");
      validationFraction =
          new DoubleParam(
              owner,
              "validationFraction",
              "without a validationIndicatorCol, the part of the rows that choose the best epoch and are not trained on, none of fewer than 1,000 rows; 0 for none",
              ParamCheck.fraction("validationFraction"));
      maxCategories =
          new IntParam(
              owner,
              "maxCategories",
              "how many values of a category have an embedding of their own",
              ParamCheck.atLeast("maxCategories", 1));
      standardization =
          new BooleanParam(
              owner,
              "standardization",
              "whether features are shifted and scaled to mean 0 and deviation 1 over the training rows");
      numClasses =
          new IntParam(
              owner,
              "numClasses",
              "how many classes there are, at least 2 and the highest label + 1; 0 for those that rows and the label's metadata show",
              ParamCheck.classes("numClasses"));
      owner.setDefault(numClasses, 0);
      owner.setDefault(weightCol, "");
      owner.setDefault(validationIndicatorCol, "");
      owner.setDefault(validationFraction, 0.1);
      owner.setDefault(maxCategories, 256);
      owner.setDefault(standardization, true);
    }
  }
}
