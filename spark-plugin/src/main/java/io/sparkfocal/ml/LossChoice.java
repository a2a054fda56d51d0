package io.sparkfocal.ml;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.plugin.NativeEngine;
import io.sparkfocal.train.LossSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A loss as the user asked for it, before the classes are counted.
 *
 * @param name of the catalogue or of a class
 * @param numbers by name
 * @param alpha class weights
 */
record LossChoice(String name, Map<String, Double> numbers, String alpha) {

  /** As loss: focal if gamma is set, else cross entropy. */
  static final String AUTO = "auto";

  /** As gamma: that of the loss's paper. */
  static final double OWN_GAMMA = -1;

  private static final String ALPHA = "alpha";

  /** Losses worth trying where nothing is known of the data. */
  static final List<LossChoice> DEFAULT_SEARCH =
      List.of(
          parse("crossEntropy alpha=none"),
          parse("crossEntropy alpha=balanced"),
          parse("focal alpha=balanced"),
          parse("focal gamma=1 alpha=class-balanced(0.999)"),
          parse("balancedSoftmax"),
          parse("ldam alpha=balanced"));

  /** As above, where a row has several labels. */
  static final List<LossChoice> MULTILABEL_SEARCH =
      List.of(
          parse("asymmetric alpha=none"),
          parse("sigmoidCrossEntropy alpha=none"),
          parse("sigmoidFocal alpha=none"));

  /** From the params of an estimator of rows with one class each. */
  static LossChoice of(LossParams<?> params) {
    return of(params, false);
  }

  /**
   * From the params of an estimator.
   *
   * @param isMultilabel whether a row has several labels
   */
  static LossChoice of(LossParams<?> params, boolean isMultilabel) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    String name = name(params);
    if (isMultilabel && params.getLoss().equals(AUTO)) {
      name = params.getGamma() == OWN_GAMMA ? "asymmetric" : "sigmoidFocal";
    }
    if (params.isSet(params.gamma())
        && params.getGamma() != OWN_GAMMA
        && !LossSpec.isClass(name)
        && LossCatalogue.numbers(name).containsKey("gamma")) {
      numbers.put("gamma", params.getGamma());
    }
    numbers.putAll(numbers(List.of(params.getLossArguments())));
    return new LossChoice(name, numbers, params.getAlpha());
  }

  /** The loss that was set; focal where gamma alone was. */
  static String name(LossParams<?> params) {
    if (!params.getLoss().equals(AUTO)) {
      return params.getLoss();
    }
    return params.getGamma() == OWN_GAMMA ? "crossEntropy" : "focal";
  }

  /**
   * From a text as {@code focal gamma=1 alpha=balanced}; without alpha there are no class weights.
   *
   * @throws IllegalArgumentException if there is no such loss or a number is none
   */
  static LossChoice parse(String text) {
    List<String> parts = List.of(text.strip().split("\\s+"));
    List<String> pairs = parts.subList(1, parts.size());
    String alpha = "none";
    if (pairs.stream().filter(pair -> pair.startsWith(ALPHA + "=")).count() > 1) {
      throw new IllegalArgumentException(
          "alpha is given twice in \"%s\"; give it one value.".formatted(text));
    }
    for (String pair : pairs) {
      if (pair.startsWith(ALPHA + "=")) {
        alpha = pair.substring(ALPHA.length() + 1);
        Alpha.parse(alpha);
      }
    }
    Map<String, Double> numbers =
        numbers(pairs.stream().filter(pair -> !pair.startsWith(ALPHA + "=")).toList());
    return new LossChoice(requireName(parts.get(0)), numbers, alpha);
  }

  /**
   * This loss where the logits are adjusted by the class frequencies: without the class weights
   * that auto stands for.
   *
   * @throws IllegalArgumentException if class weights by frequency are asked for
   */
  LossChoice forAdjustedLogits(double tau) {
    Alpha weights = Alpha.parse(alpha);
    if (weights instanceof Alpha.Balanced || weights instanceof Alpha.EffectiveNumber) {
      throw new IllegalArgumentException(
          "alpha is %s and logitAdjustment is %s, but each makes up for the class frequencies; set alpha to none or logitAdjustment to 0."
              .formatted(alpha, tau));
    }
    return weights instanceof Alpha.Auto ? new LossChoice(name, numbers, "none") : this;
  }

  /** This loss where any of several labels may lie between 0 and 1, if it has to be told. */
  LossChoice forShares(boolean hasShares) {
    if (!hasShares || !name.equals("sigmoidFocal")) {
      return this;
    }
    Map<String, Double> all = new LinkedHashMap<>(numbers);
    all.put("shares", 1.0);
    return new LossChoice(name, all, alpha);
  }

  /** A name that may be that of a loss. */
  static String requireName(String name) {
    if (!LossSpec.isClass(name) && !name.equals(AUTO)) {
      LossCatalogue.numbers(name);
    }
    return name;
  }

  private static Map<String, Double> numbers(List<String> pairs) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    for (String pair : pairs) {
      String[] sides = pair.split("=", 2);
      try {
        if (numbers.put(sides[0], Double.valueOf(sides[1])) != null) {
          throw new IllegalArgumentException(
              "Loss argument \"%s\" is given twice in %s; give it one value."
                  .formatted(sides[0], pairs));
        }
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw new IllegalArgumentException(
            "Loss argument \"%s\" is no name=number, as gamma=2.".formatted(pair), e);
      }
    }
    return numbers;
  }

  /** Sets it on an estimator. */
  void applyTo(LossParams<?> params) {
    String[] arguments =
        numbers.entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .toArray(String[]::new);
    params.setLoss(name, arguments);
    params.setAlpha(alpha);
    params.clear(params.gamma());
  }

  /**
   * The loss of rows with several labels.
   *
   * @param counts sum of each label over the training rows
   * @param alphaFrom part of training after which the weight holds; negative for 0
   * @throws IllegalArgumentException if loss, numbers and class weights do not go together
   */
  LossSpec multilabelSpec(long[] counts, double alphaFrom, Reduction reduction) {
    LossSpec plain =
        new LossSpec(name, numbers, counts.clone(), new float[0], 0, new float[0], reduction, true);
    if (!plain.unweighted().isSigmoid()) {
      throw new IllegalArgumentException(
          "loss is %s, which is for rows with one class each, but the rows have several labels; set it to asymmetric, sigmoidCrossEntropy, sigmoidFocal, qualityFocal or varifocal."
              .formatted(name));
    }
    if (LossSpec.isClass(name)) {
      requireTakesLabels(plain.unweighted(), counts.length);
    }
    Alpha weights = Alpha.parse(alpha);
    if (weights instanceof Alpha.Auto || weights instanceof Alpha.None) {
      return plain;
    }
    if (!(weights instanceof Alpha.Numbers given)
        || given.numbers().length != 1
        || !name.equals("sigmoidFocal")) {
      throw new IllegalArgumentException(
          "alpha is %s, but a row with several labels has no class that it could weigh by; set it to none, or for loss sigmoidFocal to the weight of labels that are there, from 0 to 1."
              .formatted(alpha));
    }
    return new LossSpec(
        name,
        numbers,
        counts.clone(),
        weights.weights(name, 1, counts),
        Math.max(0, alphaFrom),
        new float[0],
        reduction,
        true);
  }

  /** Runs a loss of the user's once, since its contract does not ask for several labels. */
  private void requireTakesLabels(ClassificationLoss loss, int labels) {
    NativeEngine.require(1);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      Shape shape = new Shape(1, labels);
      loss.prepare(manager, DataType.FLOAT32)
          .evaluate(manager.zeros(shape), manager.ones(shape))
          .close();
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "loss is %s, which does not take several labels of a row, float32 targets of shape (rows, labels): %s"
              .formatted(name, e.getMessage()),
          e);
    }
  }

  /**
   * The loss for counted classes.
   *
   * @param alphaFrom part of training after which class weights hold; negative for the paper's
   * @throws IllegalArgumentException if loss, numbers and class weights do not go together
   */
  LossSpec spec(long[] counts, double alphaFrom, Reduction reduction) {
    ClassificationLoss plain =
        new LossSpec(name, numbers, counts, new float[0], 0, reduction).unweighted();
    float[] weights = Alpha.parse(alpha).weights(name, plain.outputs(counts.length), counts);
    if (weights.length > 0 && List.of("dice", "tversky", "focalTversky").contains(name)) {
      throw new IllegalArgumentException(
          "alpha is %s, but loss %s is a ratio of whole classes, which has no class weights; set alpha to none."
              .formatted(alpha, name));
    }
    double from = alphaFrom >= 0 ? alphaFrom : name.equals("ldam") ? 0.8 : 0;
    LossSpec spec =
        new LossSpec(
            name, numbers, counts.clone(), weights, weights.length == 0 ? 0 : from, reduction);
    spec.loss();
    return spec;
  }

  @Override
  public String toString() {
    String arguments =
        numbers.entrySet().stream()
            .map(e -> " " + e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining());
    return name + arguments + " alpha=" + alpha;
  }

  /** Checks each of a list of texts; true. */
  static boolean areCandidates(String[] texts) {
    return Arrays.equals(texts, new String[] {"default"})
        || Arrays.stream(texts).allMatch(text -> !parse(text).name().isEmpty());
  }
}
