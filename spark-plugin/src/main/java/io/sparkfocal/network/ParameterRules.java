package io.sparkfocal.network;

import java.io.Serializable;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which parameters of a network are trained, and how fast, by their names.
 *
 * <p>A pattern is a regular expression for a whole name, as {@code "encoder\\..*"}. A tied weight
 * has several names, and a pattern fits it by any of them.
 *
 * @param frozen patterns of those that keep their values
 * @param rateFactors what the learning rate is multiplied by, by pattern: of several that fit the
 *     first holds, and without one it is 1
 */
public record ParameterRules(List<String> frozen, Map<String, Double> rateFactors)
    implements Serializable {

  private static final int NAMES_IN_A_SENTENCE = 8;

  /**
   * Copies both.
   *
   * @throws IllegalArgumentException if a pattern is no regular expression, or a factor not finite
   *     and positive
   */
  public ParameterRules {
    frozen = List.copyOf(frozen);
    rateFactors = Collections.unmodifiableMap(new LinkedHashMap<>(rateFactors));
    frozen.forEach(ParameterRules::requireExpression);
    rateFactors.forEach(
        (pattern, factor) -> {
          requireExpression(pattern);
          if (!(Double.isFinite(factor) && factor > 0)) {
            throw new IllegalArgumentException(
                "The learning rate factor of \"%s\" is %s; it must be a finite number above 0, and what is not to be trained is frozen."
                    .formatted(pattern, factor));
          }
        });
  }

  /** All are trained with the same learning rate. */
  public static ParameterRules none() {
    return new ParameterRules(List.of(), Map.of());
  }

  private static void requireExpression(String pattern) {
    try {
      Pattern.compile(pattern);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "\"%s\" is no regular expression for names of parameters: %s."
              .formatted(pattern, e.getDescription()),
          e);
    }
  }

  /** Whether the parameter with these names keeps its values. */
  boolean freezes(Collection<String> names) {
    return frozen.stream().anyMatch(pattern -> fits(pattern, names));
  }

  /** What the learning rate of the parameter with these names is multiplied by. */
  double rateFactor(Collection<String> names) {
    return rateFactors.entrySet().stream()
        .filter(rule -> fits(rule.getKey(), names))
        .findFirst()
        .map(Map.Entry::getValue)
        .orElse(1.0);
  }

  /**
   * Requires that each pattern fits some parameter.
   *
   * @param names of all parameters
   * @throws IllegalArgumentException if one fits none
   */
  void requireUse(List<String> names) {
    requireUse(frozen, names);
    requireUse(rateFactors.keySet(), names);
  }

  private static void requireUse(Collection<String> patterns, List<String> names) {
    for (String pattern : patterns) {
      if (!fits(pattern, names)) {
        throw new IllegalArgumentException(
            "\"%s\" fits no parameter of the network; there are %s parameters: %s%s."
                .formatted(
                    pattern,
                    names.size(),
                    String.join(
                        ", ", names.subList(0, Math.min(NAMES_IN_A_SENTENCE, names.size()))),
                    names.size() > NAMES_IN_A_SENTENCE ? ", ..." : ""));
      }
    }
  }

  private static boolean fits(String pattern, Collection<String> names) {
    return names.stream().anyMatch(Pattern.compile(pattern).asMatchPredicate());
  }
}
