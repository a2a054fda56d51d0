package io.sparkfocal.ml;

import io.sparkfocal.train.ValidationMetric;
import java.io.Serializable;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * How the network is trained, and when training ends.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface OptimizationParams<S extends OptimizationParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder optimizationParams();

  /**
   * Param: epochs: passes over the training rows, at most; 0 for a number by the network and the
   * rows: tabular 20, more for few rows and fewer for many, else 15 (default 0).
   */
  default IntParam maxIter() {
    return optimizationParams().maxIter;
  }

  /**
   * Param: rows of one step over all workers together; 0 for a number by the network and the rows:
   * tabular a 150th of the training rows, as a power of 2 from 64 to 1,024, for cnn and resnet18
   * fewer of larger images, from 256 to 16, else 256 (default 0).
   */
  default IntParam batchSize() {
    return optimizationParams().batchSize;
  }

  /**
   * Param: into how many parts each worker cuts its rows of a step, for less memory; the gradients
   * of the parts add up to that of the step, but batch norm and losses whose rows depend on each
   * other see a part at a time; 0 for as few as memory suffices for, found before training (default
   * 1). A part has at least a row, with batch norm two. A step that memory does not suffice for is
   * repeated in twice as many parts in any case, where ranks sum within a step (batch norm, losses
   * of whole batches) only one of the first ten.
   */
  default IntParam gradientAccumulationSteps() {
    return optimizationParams().gradientAccumulationSteps;
  }

  /**
   * Param: highest learning rate; not multiplied by the number of workers; 0 for that of the
   * network: tabular 0.002, else 0.003 (default 0.0).
   */
  default DoubleParam learningRate() {
    return optimizationParams().learningRate;
  }

  /** Param: adamW or sgd (default adamW). */
  default Param<String> optimizer() {
    return optimizationParams().optimizer;
  }

  /** Param: momentum of sgd (default 0.9). */
  default DoubleParam momentum() {
    return optimizationParams().momentum;
  }

  /** Param: decoupled for adamW, added to the gradient for sgd (default 0.01). */
  default DoubleParam weightDecay() {
    return optimizationParams().weightDecay;
  }

  /** Param: cosine or constant (default cosine). */
  default Param<String> learningRateSchedule() {
    return optimizationParams().learningRateSchedule;
  }

  /** Param: part of all steps over which the learning rate rises (default 0.0). */
  default DoubleParam warmupFraction() {
    return optimizationParams().warmupFraction;
  }

  /** Param: largest Euclidean norm of the gradient; 0 for no limit (default 0.0). */
  default DoubleParam gradientClipNorm() {
    return optimizationParams().gradientClipNorm;
  }

  /**
   * Param: float32, or float16: the network computes in it, with dynamic loss scaling; weights,
   * their update and the loss stay in float32, and so does the model (default float32). Worth it on
   * GPUs only.
   */
  default Param<String> precision() {
    return optimizationParams().precision;
  }

  /**
   * Param: what chooses the best epoch on the validation rows (default loss): loss, logLoss (mean
   * of -log p of the true class, without class weights), accuracy, macroRecall, macroF1, prAuc
   * (average precision) or auc (area under the ROC curve). The areas are of class 1 if there are
   * two classes, else means over the classes, each against all others, of which there may be 4,096.
   */
  default Param<String> validationMetric() {
    return optimizationParams().validationMetric;
  }

  /**
   * Param: epochs without a better validation metric after which training ends; 0 to run all
   * epochs; -1 for half of them where maxIter is 0, else 0 (default -1).
   */
  default IntParam earlyStoppingPatience() {
    return optimizationParams().earlyStoppingPatience;
  }

  /**
   * Param: epochs over which weights are averaged, with exponentially falling shares; the averages
   * are validated and kept; 0 for none; -1 for that of the network: tabular 0.5, else 0 (default
   * -1.0).
   */
  default DoubleParam weightAveraging() {
    return optimizationParams().weightAveraging;
  }

  /** Param: decides initial weights, order of rows and dropout (default 42). */
  default LongParam seed() {
    return optimizationParams().seed;
  }

  /** Value of {@link #maxIter}. */
  default int getMaxIter() {
    return (int) getOrDefault(maxIter());
  }

  /** Value of {@link #batchSize}. */
  default int getBatchSize() {
    return (int) getOrDefault(batchSize());
  }

  /** Value of {@link #gradientAccumulationSteps}. */
  default int getGradientAccumulationSteps() {
    return (int) getOrDefault(gradientAccumulationSteps());
  }

  /** Value of {@link #learningRate}. */
  default double getLearningRate() {
    return (double) getOrDefault(learningRate());
  }

  /** Value of {@link #optimizer}. */
  default String getOptimizer() {
    return getOrDefault(optimizer());
  }

  /** Value of {@link #momentum}. */
  default double getMomentum() {
    return (double) getOrDefault(momentum());
  }

  /** Value of {@link #weightDecay}. */
  default double getWeightDecay() {
    return (double) getOrDefault(weightDecay());
  }

  /** Value of {@link #learningRateSchedule}. */
  default String getLearningRateSchedule() {
    return getOrDefault(learningRateSchedule());
  }

  /** Value of {@link #warmupFraction}. */
  default double getWarmupFraction() {
    return (double) getOrDefault(warmupFraction());
  }

  /** Value of {@link #gradientClipNorm}. */
  default double getGradientClipNorm() {
    return (double) getOrDefault(gradientClipNorm());
  }

  /** Value of {@link #precision}. */
  default String getPrecision() {
    return getOrDefault(precision());
  }

  /** Value of {@link #validationMetric}. */
  default String getValidationMetric() {
    return getOrDefault(validationMetric());
  }

  /** Value of {@link #earlyStoppingPatience}. */
  default int getEarlyStoppingPatience() {
    return (int) getOrDefault(earlyStoppingPatience());
  }

  /** Value of {@link #weightAveraging}. */
  default double getWeightAveraging() {
    return (double) getOrDefault(weightAveraging());
  }

  /** Value of {@link #seed}. */
  default long getSeed() {
    return (long) getOrDefault(seed());
  }

  /** Sets {@link #maxIter}. */
  default S setMaxIter(int value) {
    return chained(maxIter(), value);
  }

  /** Sets {@link #batchSize}. */
  default S setBatchSize(int value) {
    return chained(batchSize(), value);
  }

  /** Sets {@link #gradientAccumulationSteps}. */
  default S setGradientAccumulationSteps(int value) {
    return chained(gradientAccumulationSteps(), value);
  }

  /** Sets {@link #learningRate}. */
  default S setLearningRate(double value) {
    return chained(learningRate(), value);
  }

  /** Sets {@link #optimizer}. */
  default S setOptimizer(String value) {
    return chained(optimizer(), value);
  }

  /** Sets {@link #momentum}. */
  default S setMomentum(double value) {
    return chained(momentum(), value);
  }

  /** Sets {@link #weightDecay}. */
  default S setWeightDecay(double value) {
    return chained(weightDecay(), value);
  }

  /** Sets {@link #learningRateSchedule}. */
  default S setLearningRateSchedule(String value) {
    return chained(learningRateSchedule(), value);
  }

  /** Sets {@link #warmupFraction}. */
  default S setWarmupFraction(double value) {
    return chained(warmupFraction(), value);
  }

  /** Sets {@link #gradientClipNorm}. */
  default S setGradientClipNorm(double value) {
    return chained(gradientClipNorm(), value);
  }

  /** Sets {@link #precision}. */
  default S setPrecision(String value) {
    return chained(precision(), value);
  }

  /** Sets {@link #validationMetric}. */
  default S setValidationMetric(String value) {
    return chained(validationMetric(), value);
  }

  /** Sets {@link #earlyStoppingPatience}. */
  default S setEarlyStoppingPatience(int value) {
    return chained(earlyStoppingPatience(), value);
  }

  /** Sets {@link #weightAveraging}. */
  default S setWeightAveraging(double value) {
    return chained(weightAveraging(), value);
  }

  /** Sets {@link #seed}. */
  default S setSeed(long value) {
    return chained(seed(), value);
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final IntParam maxIter;
    final IntParam batchSize;
    final IntParam gradientAccumulationSteps;
    final DoubleParam learningRate;
    final Param<String> optimizer;
    final DoubleParam momentum;
    final DoubleParam weightDecay;
    final Param<String> learningRateSchedule;
    final DoubleParam warmupFraction;
    final DoubleParam gradientClipNorm;
    final Param<String> precision;
    final Param<String> validationMetric;
    final IntParam earlyStoppingPatience;
    final DoubleParam weightAveraging;
    final LongParam seed;

    Holder(Params owner) {
      maxIter =
          new IntParam(
              owner,
              "maxIter",
              "epochs: passes over the training rows, at most; 0 for a number by the network and the rows",
              ParamCheck.atLeast("maxIter", 0));
      batchSize =
          new IntParam(
              owner,
              "batchSize",
              "rows of one step over all workers together; 0 for a number by the network and the rows",
              ParamCheck.atLeast("batchSize", 0));
      gradientAccumulationSteps =
          new IntParam(
              owner,
              "gradientAccumulationSteps",
              "into how many parts each worker cuts its rows of a step, for less memory; 0 for as few as memory suffices for",
              ParamCheck.atLeast("gradientAccumulationSteps", 0));
      learningRate =
          new DoubleParam(
              owner,
              "learningRate",
              "highest learning rate; not multiplied by the number of workers; 0 for that of the network",
              ParamCheck.atLeast("learningRate", 0));
      optimizer =
          new Param<>(
              owner, "optimizer", "adamW or sgd", ParamCheck.name("optimizer", Choices::optimizer));
      momentum =
          new DoubleParam(owner, "momentum", "momentum of sgd", ParamCheck.fraction("momentum"));
      weightDecay =
          new DoubleParam(
              owner,
              "weightDecay",
              "decoupled for adamW, added to the gradient for sgd",
              ParamCheck.atLeast("weightDecay", 0));
      learningRateSchedule =
          new Param<>(
              owner,
              "learningRateSchedule",
              "cosine or constant",
              ParamCheck.name("learningRateSchedule", Choices::schedule));
      warmupFraction =
          new DoubleParam(
              owner,
              "warmupFraction",
              "part of all steps over which the learning rate rises",
              ParamCheck.fraction("warmupFraction"));
      gradientClipNorm =
          new DoubleParam(
              owner,
              "gradientClipNorm",
              "largest Euclidean norm of the gradient; 0 for no limit",
              ParamCheck.atLeast("gradientClipNorm", 0));
      precision =
          new Param<>(
              owner,
              "precision",
              "float32, or float16 with dynamic loss scaling",
              ParamCheck.name("precision", Choices::dataType));
      validationMetric =
          new Param<>(
              owner,
              "validationMetric",
              "what chooses the best epoch on the validation rows: " + ValidationMetric.names(),
              ParamCheck.name("validationMetric", ValidationMetric::of));
      earlyStoppingPatience =
          new IntParam(
              owner,
              "earlyStoppingPatience",
              "epochs without a better validation metric after which training ends; 0 to run all epochs; -1 for half of them where maxIter is 0",
              ParamCheck.atLeast("earlyStoppingPatience", -1));
      weightAveraging =
          new DoubleParam(
              owner,
              "weightAveraging",
              "epochs over which weights are averaged; 0 for none; -1 for that of the network",
              ParamCheck.atLeast("weightAveraging", -1));
      seed = new LongParam(owner, "seed", "decides initial weights, order of rows and dropout");
      owner.setDefault(maxIter, 0);
      owner.setDefault(batchSize, 0);
      owner.setDefault(gradientAccumulationSteps, 1);
      owner.setDefault(learningRate, 0.0);
      owner.setDefault(optimizer, "adamW");
      owner.setDefault(momentum, 0.9);
      owner.setDefault(weightDecay, 0.01);
      owner.setDefault(learningRateSchedule, "cosine");
      owner.setDefault(warmupFraction, 0.0);
      owner.setDefault(gradientClipNorm, 0.0);
      owner.setDefault(precision, "float32");
      owner.setDefault(validationMetric, "loss");
      owner.setDefault(earlyStoppingPatience, -1);
      owner.setDefault(weightAveraging, -1.0);
      owner.setDefault(seed, 42L);
    }
  }
}
