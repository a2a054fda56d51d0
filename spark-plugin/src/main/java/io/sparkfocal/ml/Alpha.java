package io.sparkfocal.ml;

import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.train.LossSpec;
import java.util.Arrays;

/** Class weights as the user asked for them. */
sealed interface Alpha {

  /** The weight of each class, for these counts; empty for none. */
  float[] weights(LossSpec.Kind loss, LabelCounts counts);

  /** From none, balanced, or numbers separated by commas. */
  static Alpha parse(String text) {
    return switch (text) {
      case "none" -> new None();
      case "balanced" -> new Balanced();
      default -> new Numbers(numbers(text));
    };
  }

  private static float[] numbers(String text) {
    String[] parts = text.split(",", -1);
    float[] numbers = new float[parts.length];
    for (int i = 0; i < parts.length; i++) {
      try {
        numbers[i] = Float.parseFloat(parts[i].trim());
      } catch (NumberFormatException e) {
        numbers[i] = Float.NaN;
      }
      if (!(numbers[i] >= 0) || Float.isInfinite(numbers[i])) {
        throw new IllegalArgumentException(
            "alpha is \"%s\"; it must be none, balanced, or finite numbers of at least 0 separated by commas."
                .formatted(text));
      }
    }
    return numbers;
  }

  /** No class weights. */
  record None() implements Alpha {
    @Override
    public float[] weights(LossSpec.Kind loss, LabelCounts counts) {
      return new float[0];
    }
  }

  /** Every class has the same total. */
  record Balanced() implements Alpha {
    @Override
    public float[] weights(LossSpec.Kind loss, LabelCounts counts) {
      return counts.balancedAlpha();
    }
  }

  /** As given. */
  record Numbers(float[] numbers) implements Alpha {
    @Override
    public float[] weights(LossSpec.Kind loss, LabelCounts counts) {
      boolean positiveWeight = numbers.length == 1 && loss == LossSpec.Kind.SIGMOID_FOCAL;
      if (numbers.length != counts.classes() && !positiveWeight) {
        throw new IllegalArgumentException(
            "alpha has %d numbers (%s), but there are %d classes; give one per class."
                .formatted(numbers.length, Arrays.toString(numbers), counts.classes()));
      }
      if (positiveWeight && numbers[0] > 1) {
        throw new IllegalArgumentException(
            "alpha is %s; one number alone is the weight of class 1 against 1 - alpha, and must be from 0 to 1."
                .formatted(numbers[0]));
      }
      return numbers;
    }
  }
}
