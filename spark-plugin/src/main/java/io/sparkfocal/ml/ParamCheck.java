package io.sparkfocal.ml;

import io.sparkfocal.data.LabelCounts;
import java.io.Serializable;
import java.util.function.Consumer;
import java.util.function.Function;
import scala.Function1;
import scala.runtime.AbstractFunction1;

/**
 * A check of a param's value when it is set, that says what is wrong and what is allowed; Spark's
 * own validators only say that the value is invalid.
 *
 * <p>Travels with its param, as an estimator does in a closure or a broadcast.
 */
final class ParamCheck extends AbstractFunction1<Object, Object> implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Whether a value is allowed. */
  private interface Demand extends Function<Object, Boolean>, Serializable {}

  /** Reads a text, or throws. */
  interface Reader extends Consumer<String>, Serializable {}

  /** Makes something of a value, or throws. */
  interface Parser<T, R> extends Function<T, R>, Serializable {}

  private final String name;
  private final String demand;
  private final Demand allowed;

  private ParamCheck(String name, String demand, Demand allowed) {
    this.name = name;
    this.demand = demand;
    this.allowed = allowed;
  }

  @Override
  public Object apply(Object value) {
    if (!allowed.apply(value)) {
      throw new IllegalArgumentException(
          name + " is " + text(value) + "; it must be " + demand + ".");
    }
    return true;
  }

  private static String text(Object value) {
    return value instanceof int[] numbers
        ? java.util.Arrays.toString(numbers)
        : value instanceof String[] texts
            ? java.util.Arrays.toString(texts)
            : String.valueOf(value);
  }

  @SuppressWarnings("unchecked")
  private static <T> Function1<T, Object> check(String name, String demand, Demand allowed) {
    return (Function1<T, Object>) (Function1<?, ?>) new ParamCheck(name, demand, allowed);
  }

  /** A finite number of at least that. */
  static <T> Function1<T, Object> atLeast(String name, int least) {
    return check(name, "a finite number of at least " + least, v -> number(v) >= least);
  }

  /** A finite number above 0. */
  static <T> Function1<T, Object> positive(String name) {
    return check(name, "a finite number above 0", v -> number(v) > 0);
  }

  /** A number of classes, or 0. */
  static <T> Function1<T, Object> classes(String name) {
    return check(
        name,
        "0, or from 2 to " + LabelCounts.MOST_CLASSES,
        v -> number(v) == 0 || (number(v) >= 2 && number(v) <= LabelCounts.MOST_CLASSES));
  }

  /** From 0 to below 1. */
  static <T> Function1<T, Object> fraction(String name) {
    return check(name, "from 0 to below 1", v -> number(v) >= 0 && number(v) < 1);
  }

  /** From 0 to below 1, or that number. */
  static <T> Function1<T, Object> fractionOr(String name, int otherwise) {
    return check(
        name,
        "from 0 to below 1, or " + otherwise,
        v -> (number(v) >= 0 && number(v) < 1) || number(v) == otherwise);
  }

  /** A finite number of at least that, or another number. */
  static <T> Function1<T, Object> atLeastOr(String name, int least, int otherwise) {
    return check(
        name,
        "a finite number of at least %s, or %s".formatted(least, otherwise),
        v -> number(v) >= least || number(v) == otherwise);
  }

  /** Layer widths, or 0 alone. */
  static Function1<int[], Object> hiddenLayers(String name) {
    return check(
        name,
        "widths of at least 1 each, or 0 alone",
        v ->
            java.util.Arrays.equals((int[]) v, new int[] {0})
                || java.util.Arrays.stream((int[]) v).allMatch(width -> width >= 1));
  }

  /** Layer widths. */
  static Function1<int[], Object> widths(String name) {
    return check(
        name,
        "widths of at least 1 each",
        v -> java.util.Arrays.stream((int[]) v).allMatch(width -> width >= 1));
  }

  /** Texts with an equals sign. */
  static Function1<String[], Object> pairs(String name) {
    return check(
        name,
        "texts of the form name=value",
        v -> java.util.Arrays.stream((String[]) v).allMatch(pair -> pair.indexOf('=') > 0));
  }

  /** A finite number of at most that. */
  static <T> Function1<T, Object> atMost(String name, int most) {
    return check(name, "a finite number of at most " + most, v -> number(v) <= most);
  }

  /** A text at which {@code parser} does not throw; its exception is the message. */
  static Function1<String, Object> text(String name, Reader parser) {
    return check(
        name,
        "a known text",
        v -> {
          parser.accept((String) v);
          return true;
        });
  }

  /** Texts that {@code parser} takes; its exception is the message. */
  static Function1<String[], Object> texts(String name, Parser<String[], Boolean> parser) {
    return check(name, "known texts", v -> parser.apply((String[]) v));
  }

  /** A text that {@code parser} takes; its exception is the message. */
  static Function1<String, Object> name(String name, Parser<String, ?> parser) {
    return check(name, "a known name", v -> parser.apply((String) v) != null);
  }

  private static double number(Object value) {
    double number = ((Number) value).doubleValue();
    return Double.isInfinite(number) ? Double.NaN : number;
  }
}
