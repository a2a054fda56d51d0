package io.sparkfocal.ml;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.train.AdamW;
import io.sparkfocal.train.LearningRateSchedule;
import io.sparkfocal.train.Optimizer;
import io.sparkfocal.train.Sgd;
import java.util.function.BiFunction;

/** What the names mean that users write for a param. */
final class Choices {

  private Choices() {}

  static Reduction reduction(String name) {
    return switch (name) {
      case "mean" -> Reduction.MEAN;
      case "weightedMean" -> Reduction.WEIGHTED_MEAN;
      default -> throw unknown("reduction", name, "mean or weightedMean");
    };
  }

  /** Whether a temperature is asked for. */
  static Boolean calibration(String name) {
    return switch (name) {
      case "none" -> false;
      case "temperature" -> true;
      default -> throw unknown("calibration", name, "none or temperature");
    };
  }

  /** Whether batch norm is that of each rank alone. */
  static Boolean batchNormScope(String name) {
    return switch (name) {
      case "global" -> false;
      case "local" -> true;
      default -> throw unknown("batchNormScope", name, "global or local");
    };
  }

  static LearningRateSchedule schedule(String name) {
    return switch (name) {
      case "cosine" -> LearningRateSchedule.COSINE;
      case "constant" -> LearningRateSchedule.CONSTANT;
      default -> throw unknown("learning rate schedule", name, "cosine or constant");
    };
  }

  /** The optimizer of that name, given momentum and weight decay. */
  static BiFunction<Double, Double, Optimizer> optimizer(String name) {
    return switch (name) {
      case "adamW" -> (momentum, weightDecay) -> new AdamW(weightDecay);
      case "sgd" -> Sgd::new;
      default -> throw unknown("optimizer", name, "adamW or sgd");
    };
  }

  static DataType dataType(String precision) {
    return switch (precision) {
      case "float32" -> DataType.FLOAT32;
      case "float16" -> DataType.FLOAT16;
      case "bfloat16" ->
          throw new IllegalArgumentException(
              "Unknown precision \"bfloat16\", which would end the JVM (DJL); choose float32 or float16.");
      default -> throw unknown("precision", precision, "float32 or float16");
    };
  }

  private static IllegalArgumentException unknown(String what, String name, String choices) {
    return new IllegalArgumentException(
        "Unknown %s \"%s\"; choose %s.".formatted(what, name, choices));
  }
}
