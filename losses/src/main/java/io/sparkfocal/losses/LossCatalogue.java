package io.sparkfocal.losses;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The losses by name and numbers.
 *
 * <p>Numbers that are not given have the defaults of the papers, but for the scale of {@code ldam},
 * which is 1: 30 is for last layers with normalised weights.
 */
public final class LossCatalogue {

  /** Losses that already balance the classes or the rows. */
  private static final Set<String> BALANCING =
      Set.of(
          "balancedSoftmax", "logitAdjusted", "seesaw", "ghm", "dice", "tversky", "focalTversky");

  private static final Map<String, Map<String, Double>> DEFAULTS = defaults();

  private LossCatalogue() {}

  private static Map<String, Map<String, Double>> defaults() {
    Map<String, Map<String, Double>> defaults = new LinkedHashMap<>();
    defaults.put("crossEntropy", Map.of("labelSmoothing", 0.0));
    defaults.put("focal", Map.of("gamma", 2.0));
    defaults.put("sigmoidCrossEntropy", Map.of());
    defaults.put("sigmoidFocal", Map.of("gamma", 2.0, "shares", 0.0));
    defaults.put("balancedSoftmax", Map.of());
    defaults.put("logitAdjusted", Map.of("tau", 1.0));
    defaults.put("ldam", Map.of("maxMargin", 0.5, "scale", 1.0));
    defaults.put("asymmetric", Map.of("gammaPositive", 1.0, "gammaNegative", 4.0, "margin", 0.05));
    defaults.put("polyFocal", Map.of("gamma", 2.0, "epsilon", 1.0));
    defaults.put("varifocal", Map.of("gamma", 2.0, "negativeWeight", 0.75));
    defaults.put("qualityFocal", Map.of("beta", 2.0));
    defaults.put("dice", Map.of());
    defaults.put("tversky", Map.of("missed", 0.7, "falseAlarms", 0.3));
    defaults.put("focalTversky", Map.of("missed", 0.7, "falseAlarms", 0.3, "gamma", 0.75));
    defaults.put("ghm", Map.of("bins", 10.0));
    defaults.put("seesaw", Map.of("mitigation", 0.8, "compensation", 2.0));
    defaults.put("dualFocal", Map.of("gamma", 5.0));
    defaults.put("flsd", Map.of());
    return defaults;
  }

  /** The names, in the order of the documentation. */
  public static List<String> names() {
    return new ArrayList<>(DEFAULTS.keySet());
  }

  /**
   * Names and defaults of a loss's numbers.
   *
   * @throws IllegalArgumentException if there is no such loss
   */
  public static Map<String, Double> numbers(String name) {
    Map<String, Double> numbers = DEFAULTS.get(name);
    if (numbers == null) {
      throw new IllegalArgumentException(
          "Unknown loss \"%s\"; choose %s, or the name of a class that implements %s."
              .formatted(name, String.join(", ", names()), ClassificationLoss.class.getName()));
    }
    return numbers;
  }

  /**
   * Whether a loss already balances the classes or the rows, so that class weights on top of it
   * would count the imbalance twice.
   */
  public static boolean balances(String name) {
    return BALANCING.contains(name);
  }

  /**
   * Makes a loss.
   *
   * @param numbers by name; what is missing has its default
   * @param counts training rows of each class, for losses that need them
   * @throws IllegalArgumentException if there is no such loss, it has no such number, or a number
   *     is out of range
   */
  public static ClassificationLoss make(String name, Map<String, Double> numbers, long... counts) {
    Map<String, Double> all = new LinkedHashMap<>(numbers(name));
    numbers.forEach(
        (key, value) -> {
          if (all.replace(key, value) == null) {
            throw new IllegalArgumentException(
                "Loss %s has no number \"%s\"; it has %s."
                    .formatted(name, key, all.isEmpty() ? "none" : all.keySet()));
          }
        });
    return made(name, new Numbers(all), counts);
  }

  private static ClassificationLoss made(String name, Numbers n, long... counts) {
    return switch (name) {
      case "crossEntropy" ->
          CrossEntropyLoss.builder().optLabelSmoothing(n.of("labelSmoothing")).build();
      case "focal" -> FocalLoss.builder().optGamma(n.of("gamma")).build();
      case "sigmoidCrossEntropy" -> new SigmoidCrossEntropyLoss();
      case "sigmoidFocal" ->
          SigmoidFocalLoss.builder()
              .optGamma(n.of("gamma"))
              .optWeights(1, 1)
              .optShares(n.flag("shares"))
              .build();
      case "balancedSoftmax" -> LogitAdjustedLoss.balancedSoftmax(counts);
      case "logitAdjusted" -> new LogitAdjustedLoss(n.of("tau"), counts);
      case "ldam" -> new LdamLoss(n.of("maxMargin"), n.of("scale"), counts);
      case "asymmetric" ->
          new AsymmetricLoss(n.of("gammaPositive"), n.of("gammaNegative"), n.of("margin"));
      case "polyFocal" -> new PolyFocalLoss(n.of("gamma"), n.of("epsilon"));
      case "varifocal" -> new VarifocalLoss(n.of("negativeWeight"), n.of("gamma"));
      case "qualityFocal" -> new QualityFocalLoss(n.of("beta"));
      case "dice" -> TverskyLoss.dice();
      case "tversky" -> new TverskyLoss(n.of("missed"), n.of("falseAlarms"), 1);
      case "focalTversky" -> new TverskyLoss(n.of("missed"), n.of("falseAlarms"), n.of("gamma"));
      case "ghm" -> new GhmLoss(n.whole("bins"));
      case "seesaw" -> new SeesawLoss(n.of("mitigation"), n.of("compensation"), counts);
      case "dualFocal" -> new DualFocalLoss(n.of("gamma"));
      case "flsd" -> new FlsdLoss();
      default -> throw new IllegalStateException("Loss " + name + " has defaults but no class.");
    };
  }

  /** Numbers by name. */
  private record Numbers(Map<String, Double> all) {

    float of(String name) {
      return all.getOrDefault(name, Double.NaN).floatValue();
    }

    int whole(String name) {
      float number = of(name);
      if (number != Math.rint(number)) {
        throw new IllegalArgumentException(
            "%s must be a whole number but is %s.".formatted(name, number));
      }
      return (int) number;
    }

    boolean flag(String name) {
      float number = of(name);
      if (number != 0 && number != 1) {
        throw new IllegalArgumentException("%s must be 0 or 1 but is %s.".formatted(name, number));
      }
      return number == 1;
    }
  }
}
