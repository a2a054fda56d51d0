package io.sparkfocal.train;

import ai.djl.ndarray.types.DataType;
import java.io.Serializable;

/**
 * How to train, as the user chose it.
 *
 * @param epochs passes over the training rows, at least 1
 * @param batchSize rows of one step over all ranks, at least 1
 * @param learningRate highest learning rate, positive
 * @param optimizer the update rule
 * @param schedule how the learning rate changes
 * @param warmupFraction part of all steps over which the learning rate rises, from 0 to below 1
 * @param gradientClipNorm largest Euclidean norm of the gradient, 0 for no limit
 * @param seed decides initial weights, order of rows and dropout
 * @param validationMetric what decides the best epoch, where there are validation rows
 * @param stepParts into how many parts a rank cuts its rows of a step (gradient accumulation); 0
 *     for as few as memory suffices for, found before training, the most of any rank; not more than
 *     there are rows
 * @param patience epochs without improvement after which training ends, 0 to run all epochs
 * @param averaging the epochs over which weights are averaged, with exponentially falling shares;
 *     what is validated and kept are the averages then; 0 for none
 * @param dataType in which the network computes: float32, or float16 with a {@link LossScale};
 *     weights are float32 in any case
 */
public record TrainingSettings(
    int epochs,
    int batchSize,
    double learningRate,
    Optimizer optimizer,
    LearningRateSchedule schedule,
    double warmupFraction,
    double gradientClipNorm,
    long seed,
    int stepParts,
    ValidationMetric validationMetric,
    int patience,
    double averaging,
    DataType dataType)
    implements Serializable {

  /** Without averages of the weights. */
  public TrainingSettings(
      int epochs,
      int batchSize,
      double learningRate,
      Optimizer optimizer,
      LearningRateSchedule schedule,
      double warmupFraction,
      double gradientClipNorm,
      long seed,
      int stepParts,
      ValidationMetric validationMetric,
      int patience,
      DataType dataType) {
    this(
        epochs,
        batchSize,
        learningRate,
        optimizer,
        schedule,
        warmupFraction,
        gradientClipNorm,
        seed,
        stepParts,
        validationMetric,
        patience,
        0,
        dataType);
  }
}
