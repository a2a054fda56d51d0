package io.sparkfocal.data;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A category as one input of a network: the index of its value.
 *
 * <p>Behind the values that have an index of their own come one for all others, rare ones and those
 * that training never saw, and one for what is missing.
 */
public final class CategoryEncoding implements Serializable {

  /** Numbers from here on do not become float32. */
  public static final double LARGE = NumberBlockBuilder.LARGE;

  private static final long serialVersionUID = 1L;

  private final List<String> values;
  private final Map<String, Integer> indices = new HashMap<>();

  /** Of these values, each with its place as index. */
  public CategoryEncoding(List<String> values) {
    this.values = List.copyOf(values);
    for (int i = 0; i < values.size(); i++) {
      indices.put(values.get(i), i);
    }
  }

  /** The values with an index of their own. */
  public List<String> values() {
    return values;
  }

  /** How many indices there are. */
  public int size() {
    return values.size() + 2;
  }

  /** The index of a value; null is missing. */
  public int index(@Nullable String value) {
    return value == null ? values.size() + 1 : indices.getOrDefault(value, values.size());
  }

  /**
   * A number as the value of a category: without a fraction if it is whole, and as rows hold it, in
   * one float32 or in two.
   */
  public static String text(double given) {
    float high = (float) given;
    double number = Math.abs(high) >= LARGE ? high + (double) (float) (given - high) : high;
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }
}
