package io.sparkfocal.ml;

import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossCatalogue;
import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.StringArrayParam;

/**
 * The loss that is minimised.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface LossParams<S extends LossParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder lossParams();

  /**
   * Param: the loss: crossEntropy, focal, sigmoidCrossEntropy, sigmoidFocal, balancedSoftmax,
   * logitAdjusted, ldam, asymmetric, polyFocal, varifocal, qualityFocal, dice, tversky,
   * focalTversky, ghm, seesaw, dualFocal, flsd, or the name of a class that implements {@link
   * io.sparkfocal.losses.ClassificationLoss}; auto for focal if gamma is set, else crossEntropy
   * (default auto).
   */
  default Param<String> loss() {
    return lossParams().loss;
  }

  /**
   * Param: numbers of the loss, each as name=number, where they are not to have their defaults; see
   * {@link io.sparkfocal.losses.LossCatalogue} (default none).
   */
  default StringArrayParam lossArguments() {
    return lossParams().lossArguments;
  }

  /**
   * Param: focusing exponent of the losses that have one; -1 for that of the loss's paper (default
   * -1.0).
   */
  default DoubleParam gamma() {
    return lossParams().gamma;
  }

  /**
   * Param: class weights: auto (balanced, unless the loss balances by itself), none, balanced (n /
   * (k n_c)), class-balanced(BETA) by the effective number of samples, or one number per class
   * separated by commas; one number alone is the weight of class 1 for sigmoidFocal (default none).
   */
  default Param<String> alpha() {
    return lossParams().alpha;
  }

  /**
   * Param: what a batch's loss is divided by: mean (sum of sample weights) or weightedMean (sum of
   * sample weight times alpha) (default mean).
   */
  default Param<String> reduction() {
    return lossParams().reduction;
  }

  /**
   * Param: part of training after which the class weights hold (deferred re-weighting), from 0 to
   * 1; negative for what the loss's paper does: 0.8 for ldam, else 0 (default -1.0).
   */
  default DoubleParam alphaFrom() {
    return lossParams().alphaFrom;
  }

  /**
   * Param: losses to try, each as "focal gamma=1 alpha=balanced", with no class weights where alpha
   * is left out; "default" alone for a usual set. Where there are any, each is trained, and the one
   * that does best on the validation rows is kept: by the validationMetric, or by macro recall if
   * that is loss (default none). Each has its own numbers and alpha, so loss, lossArguments, gamma
   * and alpha must not be set beside it.
   */
  default StringArrayParam lossSearch() {
    return lossParams().lossSearch;
  }

  /** Value of {@link #loss}. */
  default String getLoss() {
    return getOrDefault(loss());
  }

  /** Value of {@link #lossArguments}. */
  default String[] getLossArguments() {
    return getOrDefault(lossArguments());
  }

  /** Value of {@link #alphaFrom}. */
  default double getAlphaFrom() {
    return (double) getOrDefault(alphaFrom());
  }

  /** Value of {@link #lossSearch}. */
  default String[] getLossSearch() {
    return getOrDefault(lossSearch());
  }

  /** Value of {@link #gamma}. */
  default double getGamma() {
    return (double) getOrDefault(gamma());
  }

  /** Value of {@link #alpha}. */
  default String getAlpha() {
    return getOrDefault(alpha());
  }

  /** Value of {@link #reduction}. */
  default String getReduction() {
    return getOrDefault(reduction());
  }

  /** Sets {@link #loss}. */
  default S setLoss(String value) {
    return chained(loss(), value);
  }

  /** Sets {@link #loss} and {@link #lossArguments}, as ("ldam", "maxMargin=0.3"). */
  default S setLoss(String value, String... arguments) {
    setLossArguments(arguments);
    return setLoss(value);
  }

  /** Sets {@link #loss} to a class of one's own. */
  default S setLoss(Class<? extends ClassificationLoss> type) {
    return setLoss(type.getName());
  }

  /** Sets {@link #lossArguments}. */
  default S setLossArguments(String... value) {
    return chained(lossArguments(), value);
  }

  /** Sets {@link #alphaFrom}. */
  default S setAlphaFrom(double value) {
    return chained(alphaFrom(), value);
  }

  /** Sets {@link #lossSearch} to the usual set. */
  default S setLossSearch() {
    return setLossSearch("default");
  }

  /** Sets {@link #lossSearch} to these; an empty array switches the search off. */
  default S setLossSearch(String... value) {
    return chained(lossSearch(), value);
  }

  /** Sets {@link #gamma}. */
  default S setGamma(double value) {
    return chained(gamma(), value);
  }

  /** Sets {@link #alpha}. */
  default S setAlpha(String value) {
    return chained(alpha(), value);
  }

  /** Sets {@link #reduction}. */
  default S setReduction(String value) {
    return chained(reduction(), value);
  }

  /** Class weights as numbers, one per class: sets {@link #alpha}. */
  default S setAlpha(double... weights) {
    return setAlpha(
        Arrays.stream(weights).mapToObj(Double::toString).collect(Collectors.joining(",")));
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final Param<String> loss;
    final StringArrayParam lossArguments;
    final StringArrayParam lossSearch;
    final DoubleParam alphaFrom;
    final DoubleParam gamma;
    final Param<String> alpha;
    final Param<String> reduction;

    Holder(Params owner) {
      loss =
          new Param<>(
              owner,
              "loss",
              String.join(", ", LossCatalogue.names())
                  + ", a class name, or auto: focal if gamma is set, else crossEntropy",
              ParamCheck.name("loss", LossChoice::requireName));
      lossArguments =
          new StringArrayParam(
              owner,
              "lossArguments",
              "numbers of the loss, each as name=number",
              ParamCheck.pairs("lossArguments"));
      lossSearch =
          new StringArrayParam(
              owner,
              "lossSearch",
              "losses to try on the validation rows, each as \"focal gamma=1 alpha=balanced\", with no class weights where alpha is left out; \"default\" alone for a usual set",
              ParamCheck.texts("lossSearch", LossChoice::areCandidates));
      alphaFrom =
          new DoubleParam(
              owner,
              "alphaFrom",
              "part of training after which the class weights hold; negative for what the loss's paper does",
              ParamCheck.atMost("alphaFrom", 1));
      gamma =
          new DoubleParam(
              owner,
              "gamma",
              "focusing exponent of the focal losses; -1 for that of the loss's paper",
              ParamCheck.atLeastOr("gamma", 0, -1));
      alpha =
          new Param<>(
              owner,
              "alpha",
              "class weights: auto (balanced, unless the loss balances by itself), none, balanced (n / (k n_c)), class-balanced(BETA), or one number per class separated by commas; one number alone is the weight of class 1 for sigmoidFocal",
              ParamCheck.name("alpha", Alpha::parse));
      reduction =
          new Param<>(
              owner,
              "reduction",
              "what a batch's loss is divided by: mean (sum of sample weights) or weightedMean (sum of sample weight times alpha)",
              ParamCheck.name("reduction", Choices::reduction));
      owner.setDefault(loss, LossChoice.AUTO);
      owner.setDefault(gamma, LossChoice.OWN_GAMMA);
      owner.setDefault(lossArguments, new String[0]);
      owner.setDefault(lossSearch, new String[0]);
      owner.setDefault(alphaFrom, -1.0);
      owner.setDefault(alpha, "none");
      owner.setDefault(reduction, "mean");
    }
  }
}
