package io.sparkfocal.train;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.losses.ClassWeightedLoss;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.SigmoidFocalLoss;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A loss by name and numbers, as it travels to the ranks.
 *
 * @param name of {@link LossCatalogue}, or of a class that implements {@link ClassificationLoss}
 *     and has a public constructor without arguments or one that takes the class counts
 * @param numbers by name; what is missing has its default
 * @param counts training rows of each class
 * @param alpha weight of each class; empty for no class weights; one alone is the weight of class 1
 *     for a loss of one logit
 * @param alphaFrom part of training after which the class weights hold, from 0 to 1
 * @param offsets what is added to the logits before a class is predicted; empty for nothing
 * @param reduction what a step's sum is divided by: {@code MEAN} or {@code WEIGHTED_MEAN}
 * @param isMultilabel whether a row has several labels, each from 0 to 1
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record LossSpec(
    String name,
    Map<String, Double> numbers,
    long[] counts,
    float[] alpha,
    double alphaFrom,
    float[] offsets,
    Reduction reduction,
    boolean isMultilabel)
    implements Serializable {

  /** Without offsets, of rows with one class each. */
  public LossSpec(
      String name,
      Map<String, Double> numbers,
      long[] counts,
      float[] alpha,
      double alphaFrom,
      Reduction reduction) {
    this(name, numbers, counts, alpha, alphaFrom, new float[0], reduction, false);
  }

  /** The same with other offsets. */
  public LossSpec withOffsets(double... values) {
    float[] narrowed = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrowed[i] = (float) values[i];
    }
    return new LossSpec(name, numbers, counts, alpha, alphaFrom, narrowed, reduction, isMultilabel);
  }

  /** From logits to the probabilities of the model before calibration. */
  LogitLink link() {
    double[] widened = new double[offsets.length];
    for (int i = 0; i < widened.length; i++) {
      widened[i] = offsets[i];
    }
    return new LogitLink(loss().isSigmoid(), isMultilabel, 1, widened);
  }

  /** Everything that decides its values, as text. */
  public String described() {
    Map<String, Double> all = new TreeMap<>(isClass(name) ? Map.of() : LossCatalogue.numbers(name));
    all.putAll(numbers);
    return "%s %s, class weights %s from %s of training, offsets %s, %s%s"
        .formatted(
            name,
            all,
            Arrays.toString(alpha),
            alphaFrom,
            Arrays.toString(offsets),
            reduction,
            isMultilabel ? ", several labels" : "");
  }

  /** Whether a name is that of a class rather than of the catalogue. */
  public static boolean isClass(String name) {
    return name.indexOf('.') >= 0;
  }

  /** The loss, with its class weights. */
  public ClassificationLoss loss() {
    ClassificationLoss plain = unweighted();
    if (alpha.length == 0) {
      return plain;
    }
    float gamma = numbers.getOrDefault("gamma", 2.0).floatValue();
    return switch (name) {
      case "crossEntropy" ->
          CrossEntropyLoss.builder()
              .optLabelSmoothing(numbers.getOrDefault("labelSmoothing", 0.0).floatValue())
              .optAlpha(alpha)
              .build();
      case "focal" -> FocalLoss.builder().optGamma(gamma).optAlpha(alpha).build();
      case "sigmoidFocal" ->
          alpha.length == 1
              ? SigmoidFocalLoss.builder()
                  .optGamma(gamma)
                  .optAlpha(alpha[0])
                  .optShares(numbers.getOrDefault("shares", 0.0) != 0)
                  .build()
              : new ClassWeightedLoss(plain, alpha);
      default -> new ClassWeightedLoss(plain, alpha);
    };
  }

  /** The loss without class weights. */
  public ClassificationLoss unweighted() {
    if (!isClass(name)) {
      return LossCatalogue.make(name, numbers, counts);
    }
    if (!numbers.isEmpty()) {
      throw new IllegalArgumentException(
          "Loss class \"%s\" takes no loss arguments, but %s is given; write the numbers into the class."
              .formatted(name, numbers));
    }
    return CustomLoss.of(name, counts);
  }
}
