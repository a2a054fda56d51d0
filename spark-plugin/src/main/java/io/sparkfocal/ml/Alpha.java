package io.sparkfocal.ml;

import io.sparkfocal.losses.ClassBalance;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.train.LossSpec;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Class weights as the user asked for them. */
sealed interface Alpha {

  /** What a text may be. */
  String FORMS =
      "auto, none, balanced, class-balanced(BETA) with BETA from 0 to below 1, or finite numbers of at least 0 separated by commas";

  /**
   * The weight of each class; empty for none.
   *
   * @param loss name of the loss
   * @param outputs how many logits the loss takes
   * @param counts training rows of each class
   */
  float[] weights(String loss, int outputs, long... counts);

  /** From a text. */
  static Alpha parse(String text) {
    return switch (text) {
      case "auto" -> new Auto();
      case "none" -> new None();
      case "balanced" -> new Balanced();
      default ->
          text.startsWith("class-balanced") ? EffectiveNumber.parse(text) : Numbers.parse(text);
    };
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException("alpha is \"%s\"; it must be %s.".formatted(text, FORMS));
  }

  /** Balanced, unless the loss balances by itself. */
  record Auto() implements Alpha {
    @Override
    public float[] weights(String loss, int outputs, long... counts) {
      return LossSpec.isClass(loss) || LossCatalogue.balances(loss)
          ? new float[0]
          : ClassBalance.balanced(counts);
    }
  }

  /** No class weights. */
  record None() implements Alpha {
    @Override
    public float[] weights(String loss, int outputs, long... counts) {
      return new float[0];
    }
  }

  /** Every class has the same total. */
  record Balanced() implements Alpha {
    @Override
    public float[] weights(String loss, int outputs, long... counts) {
      return ClassBalance.balanced(counts);
    }
  }

  /** By the effective number of samples. */
  record EffectiveNumber(double beta) implements Alpha {

    private static final Pattern FORM = Pattern.compile("class-balanced\\(([0-9.eE+-]+)\\)");

    static Alpha parse(String text) {
      Matcher matcher = FORM.matcher(text);
      try {
        if (matcher.matches()) {
          double beta = Double.parseDouble(matcher.group(1));
          if (beta >= 0 && beta < 1) {
            return new EffectiveNumber(beta);
          }
        }
      } catch (NumberFormatException e) {
        throw unknown(text);
      }
      throw unknown(text);
    }

    @Override
    public float[] weights(String loss, int outputs, long... counts) {
      return ClassBalance.effectiveNumber(beta, counts);
    }
  }

  /** As given. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Numbers(float[] numbers) implements Alpha {

    static Alpha parse(String text) {
      String[] parts = text.split(",", -1);
      float[] numbers = new float[parts.length];
      for (int i = 0; i < parts.length; i++) {
        try {
          numbers[i] = Float.parseFloat(parts[i].trim());
        } catch (NumberFormatException e) {
          throw unknown(text);
        }
        if (!(numbers[i] >= 0) || Float.isInfinite(numbers[i])) {
          throw unknown(text);
        }
      }
      return new Numbers(numbers);
    }

    @Override
    public float[] weights(String loss, int outputs, long... counts) {
      boolean positiveWeight = numbers.length == 1 && loss.equals("sigmoidFocal") && outputs == 1;
      if (numbers.length != counts.length && !positiveWeight) {
        throw new IllegalArgumentException(
            "alpha has %s numbers (%s), but there are %s classes; give one per class."
                .formatted(numbers.length, Arrays.toString(numbers), counts.length));
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
