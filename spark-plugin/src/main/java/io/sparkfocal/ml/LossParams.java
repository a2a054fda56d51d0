package io.sparkfocal.ml;

import io.sparkfocal.train.LossSpec;
import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * The loss that is minimised.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface LossParams<S extends LossParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder lossParams();

  /** Param: focal, sigmoidFocal (two classes) or crossEntropy (default focal). */
  default Param<String> loss() {
    return lossParams().loss;
  }

  /** Param: focusing exponent of the focal losses (default 2.0). */
  default DoubleParam gamma() {
    return lossParams().gamma;
  }

  /**
   * Param: class weights: none, balanced (n / (k n_c)), or one number per class separated by
   * commas; one number alone is the weight of class 1 for sigmoidFocal (default balanced).
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

  /** Value of {@link #loss}. */
  default String getLoss() {
    return getOrDefault(loss());
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
    final DoubleParam gamma;
    final Param<String> alpha;
    final Param<String> reduction;

    Holder(Params owner) {
      loss =
          new Param<>(
              owner,
              "loss",
              "focal, sigmoidFocal (two classes) or crossEntropy",
              ParamCheck.name("loss", LossSpec.Kind::of));
      gamma =
          new DoubleParam(
              owner,
              "gamma",
              "focusing exponent of the focal losses",
              ParamCheck.atLeast("gamma", 0));
      alpha =
          new Param<>(
              owner,
              "alpha",
              "class weights: none, balanced (n / (k n_c)), or one number per class separated by commas; one number alone is the weight of class 1 for sigmoidFocal",
              ParamCheck.name("alpha", Alpha::parse));
      reduction =
          new Param<>(
              owner,
              "reduction",
              "what a batch's loss is divided by: mean (sum of sample weights) or weightedMean (sum of sample weight times alpha)",
              ParamCheck.name("reduction", Choices::reduction));
      owner.setDefault(loss, "focal");
      owner.setDefault(gamma, 2.0);
      owner.setDefault(alpha, "balanced");
      owner.setDefault(reduction, "mean");
    }
  }
}
