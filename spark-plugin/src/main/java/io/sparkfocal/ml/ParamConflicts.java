package io.sparkfocal.ml;

import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.train.LossSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * Params that were set and would have no effect beside other params.
 *
 * <p>What would give another model than was asked for is refused; where the model is the one that
 * was asked for, {@link IdleParams} warns.
 */
final class ParamConflicts {

  private final FocalLossClassifier params;
  private final List<String> found = new ArrayList<>();

  private ParamConflicts(FocalLossClassifier params) {
    this.params = params;
  }

  /**
   * Requires that every param that was set has an effect on the model.
   *
   * @throws IllegalArgumentException with the sentence on the first that has none
   */
  static void refuse(FocalLossClassifier params) {
    ParamConflicts conflicts = new ParamConflicts(params);
    conflicts.columns();
    conflicts.losses();
    conflicts.network();
    conflicts.rest();
    if (!conflicts.found.isEmpty()) {
      throw new IllegalArgumentException(conflicts.found.get(0));
    }
  }

  /**
   * Whether a param has another value than its default: one that was only copied, as {@code
   * copy(extractParamMap())} does with all, is set too.
   */
  static boolean isAskedFor(Params params, Param<?> param) {
    return params.isSet(param)
        && !(params.hasDefault(param)
            && Objects.deepEquals(params.getOrDefault(param), params.getDefault(param).get()));
  }

  private void columns() {
    if (isAskedFor(params, params.featuresCol()) && params.getFeaturesCols().length > 0) {
      found.add(
          "featuresCol is \"%s\" and featuresCols is %s, but features come from one of them; set one and clear the other."
              .formatted(params.getFeaturesCol(), Arrays.toString(params.getFeaturesCols())));
    }
  }

  private void losses() {
    String name = LossChoice.name(params);
    if (params.getLossSearch().length > 0) {
      for (Param<?> param :
          List.of(params.loss(), params.lossArguments(), params.gamma(), params.alpha())) {
        Object value = params.getOrDefault(param);
        boolean empty = value instanceof String[] texts && texts.length == 0;
        boolean off = value.equals("auto") || value.equals("none");
        if (isAskedFor(params, param) && !empty && !off) {
          found.add(
              "%s is %s, but lossSearch tries losses with their own loss, gamma, alpha and numbers; write it into lossSearch, as in \"focal gamma=1 alpha=balanced\", and clear %1$s."
                  .formatted(param.name(), text(value)));
        }
      }
      return;
    }
    LossChoice.of(params); // refuses numbers that are given twice
    boolean inArguments =
        Arrays.stream(params.getLossArguments()).anyMatch(pair -> pair.startsWith("gamma="));
    if (!isAskedFor(params, params.gamma())) {
      return;
    }
    if (LossSpec.isClass(name) || !LossCatalogue.numbers(name).containsKey("gamma")) {
      found.add(
          "gamma is %s, but loss %s has no gamma; clear gamma, or choose a loss that has one."
              .formatted(params.getGamma(), name));
    } else if (inArguments) {
      found.add(
          "gamma is %s, but lossArguments is %s, which has a gamma too; give one of them."
              .formatted(params.getGamma(), Arrays.toString(params.getLossArguments())));
    }
  }

  private void network() {
    String provider = params.getNetworkProvider();
    String[] arguments = params.getNetworkArguments();
    namedNetwork();
    if (provider.equals(MlpNetwork.class.getName())) {
      if (arguments.length > 0) {
        found.add(
            "networkArguments is %s, but the multilayer perceptron takes hiddenLayers, dropout and batchNorm instead; set those, or networkProvider."
                .formatted(Arrays.toString(arguments)));
      }
      return;
    }
    for (Param<?> param : List.of(params.hiddenLayers(), params.dropout(), params.batchNorm())) {
      Object value = params.getOrDefault(param);
      boolean off =
          value.equals(0.0)
              || value.equals(false)
              || (value instanceof int[] numbers && numbers.length == 0);
      if (isAskedFor(params, param) && !off) {
        found.add(
            "%s is %s, but networkProvider is %s, which takes networkArguments instead; clear %1$s, or networkProvider."
                .formatted(param.name(), text(value), provider));
      }
    }
    List<String> names = Arrays.stream(arguments).map(pair -> pair.split("=", 2)[0]).toList();
    if (names.stream().distinct().count() < names.size()) {
      found.add(
          "networkArguments is %s, which has a name twice; give each name one value."
              .formatted(Arrays.toString(arguments)));
    }
  }

  private void namedNetwork() {
    NetworkChoice named = NetworkChoice.named(params.getNetwork());
    boolean isOfImages = named == NetworkChoice.CNN || named == NetworkChoice.RESNET18;
    if (named != NetworkChoice.TORCHSCRIPT) {
      for (Param<?> param : List.of(params.frozenParameters(), params.learningRateFactors())) {
        if (isAskedFor(params, param)) {
          found.add(
              "%s is %s, but network is %s, which has no use for it; clear %1$s."
                  .formatted(param.name(), text(params.getOrDefault(param)), params.getNetwork()));
        }
      }
    }
    if (named == NetworkChoice.OPEN) {
      return;
    }
    if (!params.getNetworkProvider().equals(MlpNetwork.class.getName())) {
      found.add(
          "network is %s, but networkProvider is %s; set network to auto, or clear networkProvider."
              .formatted(params.getNetwork(), params.getNetworkProvider()));
    }
    if (named == NetworkChoice.MLP) {
      return;
    }
    List<Param<?>> idle = new ArrayList<>(List.of(params.batchNorm()));
    if (!isOfImages) {
      idle.add(params.batchNormScope());
    }
    if (named == NetworkChoice.LINEAR || named == NetworkChoice.TORCHSCRIPT) {
      idle.addAll(List.of(params.hiddenLayers(), params.dropout()));
    } else if (isOfImages) {
      idle.add(params.hiddenLayers());
    } else {
      idle.add(params.standardization());
    }
    for (Param<?> param : idle) {
      if (isAskedFor(params, param)) {
        found.add(
            "%s is %s, but network %s has none of its own; set network to mlp, or clear %1$s."
                .formatted(param.name(), text(params.getOrDefault(param)), params.getNetwork()));
      }
    }
    if (named == NetworkChoice.TORCHSCRIPT && params.getPrecision().equals("float16")) {
      found.add(
          "precision is float16, but a TorchScript network computes in float32; set precision to float32.");
    }
    if (named == NetworkChoice.TABULAR && params.getPrecision().equals("float16")) {
      found.add(
          "precision is float16, which does not hold the numbers of categories of network tabular; set precision to float32, or network to mlp.");
    }
  }

  private void rest() {
    if (isAskedFor(params, params.momentum())
        && params.getMomentum() != 0
        && params.getOptimizer().equals("adamW")) {
      found.add(
          "momentum is %s, but optimizer adamW has none; set optimizer to sgd, or clear momentum."
              .formatted(params.getMomentum()));
    }
    if (params.isDefined(params.thresholds()) && !params.getThresholdTuning().equals("none")) {
      found.add(
          "thresholds is %s, but thresholdTuning is %s, which chooses others; clear thresholds, or set thresholdTuning to none."
              .formatted(Arrays.toString(params.getThresholds()), params.getThresholdTuning()));
    }
  }

  /** A param's value as a message shows it. */
  static String text(Object value) {
    if (value instanceof int[] numbers) {
      return Arrays.toString(numbers);
    }
    return value instanceof Object[] objects ? Arrays.toString(objects) : Objects.toString(value);
  }
}
