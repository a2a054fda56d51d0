package io.sparkfocal.ml;

import io.sparkfocal.job.DeviceChoice;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.train.AdamW;
import io.sparkfocal.train.LearningRateSchedule;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.Optimizer;
import io.sparkfocal.train.Sgd;
import io.sparkfocal.train.ValidationMetric;
import java.io.Serializable;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.StringArrayParam;

/** The params of the estimator, beside those it shares with its model. */
public interface TrainingParams extends ScoringColumns {

  /** The holder of the params below. */
  TrainingHolder trainingParams();

  /** Param: column of the label, whole numbers from 0 (default label). */
  default Param<String> labelCol() {
    return trainingParams().labelCol;
  }

  /** Param: column of the sample weight; empty for weight 1 (default empty). */
  default Param<String> weightCol() {
    return trainingParams().weightCol;
  }

  /**
   * Param: boolean column, true for rows that choose the best epoch and are not trained on; empty
   * for none (default empty).
   */
  default Param<String> validationIndicatorCol() {
    return trainingParams().validationIndicatorCol;
  }

  /** Param: focal, sigmoidFocal (two classes) or crossEntropy (default focal). */
  default Param<String> loss() {
    return trainingParams().loss;
  }

  /** Param: focusing exponent of the focal losses (default 2.0). */
  default DoubleParam gamma() {
    return trainingParams().gamma;
  }

  /**
   * Param: class weights: none, balanced (n / (k n_c)), or one number per class separated by
   * commas; one number alone is the weight of class 1 for sigmoidFocal (default balanced).
   */
  default Param<String> alpha() {
    return trainingParams().alpha;
  }

  /**
   * Param: what a batch's loss is divided by: mean (sum of sample weights) or weightedMean (sum of
   * sample weight times alpha) (default mean).
   */
  default Param<String> reduction() {
    return trainingParams().reduction;
  }

  /** Param: widths of the hidden layers of the default network (default 128, 128). */
  default IntArrayParam hiddenLayers() {
    return trainingParams().hiddenLayers;
  }

  /** Param: share of hidden values that are zeroed while training (default 0.0). */
  default DoubleParam dropout() {
    return trainingParams().dropout;
  }

  /** Param: whether hidden layers are normalised over the rows of all ranks (default false). */
  default BooleanParam batchNorm() {
    return trainingParams().batchNorm;
  }

  /**
   * Param: class name of the NetworkProvider that builds the network (default {@link MlpNetwork}).
   */
  default Param<String> networkProvider() {
    return trainingParams().networkProvider;
  }

  /** Param: arguments of a provider of one's own, each as name=value (default none). */
  default StringArrayParam networkArguments() {
    return trainingParams().networkArguments;
  }

  /**
   * Param: whether features are shifted and scaled to mean 0 and deviation 1 over the training rows
   * (default true).
   */
  default BooleanParam standardization() {
    return trainingParams().standardization;
  }

  /** Param: epochs: passes over the training rows (default 15). */
  default IntParam maxIter() {
    return trainingParams().maxIter;
  }

  /** Param: rows of one step over all workers together (default 256). */
  default IntParam batchSize() {
    return trainingParams().batchSize;
  }

  /** Param: highest learning rate; not multiplied by the number of workers (default 0.003). */
  default DoubleParam learningRate() {
    return trainingParams().learningRate;
  }

  /** Param: adamW or sgd (default adamW). */
  default Param<String> optimizer() {
    return trainingParams().optimizer;
  }

  /** Param: momentum of sgd (default 0.9). */
  default DoubleParam momentum() {
    return trainingParams().momentum;
  }

  /** Param: decoupled for adamW, added to the gradient for sgd (default 0.01). */
  default DoubleParam weightDecay() {
    return trainingParams().weightDecay;
  }

  /** Param: cosine or constant (default cosine). */
  default Param<String> learningRateSchedule() {
    return trainingParams().learningRateSchedule;
  }

  /** Param: part of all steps over which the learning rate rises (default 0.0). */
  default DoubleParam warmupFraction() {
    return trainingParams().warmupFraction;
  }

  /** Param: largest Euclidean norm of the gradient; 0 for no limit (default 0.0). */
  default DoubleParam gradientClipNorm() {
    return trainingParams().gradientClipNorm;
  }

  /**
   * Param: epochs without a better validation metric after which training ends; 0 to run all epochs
   * (default 0).
   */
  default IntParam earlyStoppingPatience() {
    return trainingParams().earlyStoppingPatience;
  }

  /** Param: what chooses the best epoch: loss, macroRecall or accuracy (default loss). */
  default Param<String> validationMetric() {
    return trainingParams().validationMetric;
  }

  /** Param: decides initial weights, order of rows and dropout (default 42). */
  default LongParam seed() {
    return trainingParams().seed;
  }

  /** Param: ranks that train; 0 for one per task slot (default 0). */
  default IntParam numWorkers() {
    return trainingParams().numWorkers;
  }

  /** Param: auto (the GPU that Spark assigned, else the CPU), cpu or gpu (default auto). */
  default Param<String> device() {
    return trainingParams().device;
  }

  /** Value of {@link #labelCol}. */
  default String getLabelCol() {
    return getOrDefault(labelCol());
  }

  /** Value of {@link #weightCol}. */
  default String getWeightCol() {
    return getOrDefault(weightCol());
  }

  /** Value of {@link #validationIndicatorCol}. */
  default String getValidationIndicatorCol() {
    return getOrDefault(validationIndicatorCol());
  }

  /** Value of {@link #loss}. */
  default String getLoss() {
    return getOrDefault(loss());
  }

  /** Value of {@link #gamma}. */
  default double getGamma() {
    return (double) getOrDefault(gamma());
  }

  /** Value of {@link #alpha}. */
  default String getAlpha() {
    return getOrDefault(alpha());
  }

  /** Value of {@link #reduction}. */
  default String getReduction() {
    return getOrDefault(reduction());
  }

  /** Value of {@link #hiddenLayers}. */
  default int[] getHiddenLayers() {
    return getOrDefault(hiddenLayers());
  }

  /** Value of {@link #dropout}. */
  default double getDropout() {
    return (double) getOrDefault(dropout());
  }

  /** Value of {@link #batchNorm}. */
  default boolean getBatchNorm() {
    return (boolean) getOrDefault(batchNorm());
  }

  /** Value of {@link #networkProvider}. */
  default String getNetworkProvider() {
    return getOrDefault(networkProvider());
  }

  /** Value of {@link #networkArguments}. */
  default String[] getNetworkArguments() {
    return getOrDefault(networkArguments());
  }

  /** Value of {@link #standardization}. */
  default boolean getStandardization() {
    return (boolean) getOrDefault(standardization());
  }

  /** Value of {@link #maxIter}. */
  default int getMaxIter() {
    return (int) getOrDefault(maxIter());
  }

  /** Value of {@link #batchSize}. */
  default int getBatchSize() {
    return (int) getOrDefault(batchSize());
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

  /** Value of {@link #earlyStoppingPatience}. */
  default int getEarlyStoppingPatience() {
    return (int) getOrDefault(earlyStoppingPatience());
  }

  /** Value of {@link #validationMetric}. */
  default String getValidationMetric() {
    return getOrDefault(validationMetric());
  }

  /** Value of {@link #seed}. */
  default long getSeed() {
    return (long) getOrDefault(seed());
  }

  /** Value of {@link #numWorkers}. */
  default int getNumWorkers() {
    return (int) getOrDefault(numWorkers());
  }

  /** Value of {@link #device}. */
  default String getDevice() {
    return getOrDefault(device());
  }

  private static Reduction reductionOf(String name) {
    return switch (name) {
      case "mean" -> Reduction.MEAN;
      case "weightedMean" -> Reduction.WEIGHTED_MEAN;
      default ->
          throw new IllegalArgumentException(
              "Unknown reduction \"" + name + "\"; choose mean or weightedMean.");
    };
  }

  private static LearningRateSchedule scheduleOf(String name) {
    return switch (name) {
      case "cosine" -> LearningRateSchedule.COSINE;
      case "constant" -> LearningRateSchedule.CONSTANT;
      default ->
          throw new IllegalArgumentException(
              "Unknown learning rate schedule \"" + name + "\"; choose cosine or constant.");
    };
  }

  private static String optimizerOf(String name) {
    if (!name.equals("adamW") && !name.equals("sgd")) {
      throw new IllegalArgumentException(
          "Unknown optimizer \"" + name + "\"; choose adamW or sgd.");
    }
    return name;
  }

  /** The reduction as chosen. */
  default Reduction chosenReduction() {
    return reductionOf(getReduction());
  }

  /** The schedule as chosen. */
  default LearningRateSchedule chosenSchedule() {
    return scheduleOf(getLearningRateSchedule());
  }

  /** The optimizer as chosen, with its settings. */
  default Optimizer chosenOptimizer() {
    return optimizerOf(getOptimizer()).equals("sgd")
        ? new Sgd(getMomentum(), getWeightDecay())
        : new AdamW(getWeightDecay());
  }

  /** The params themselves; one per estimator. */
  final class TrainingHolder implements Serializable {

    private static final long serialVersionUID = 1L;

    final Param<String> labelCol;
    final Param<String> weightCol;
    final Param<String> validationIndicatorCol;
    final Param<String> loss;
    final DoubleParam gamma;
    final Param<String> alpha;
    final Param<String> reduction;
    final IntArrayParam hiddenLayers;
    final DoubleParam dropout;
    final BooleanParam batchNorm;
    final Param<String> networkProvider;
    final StringArrayParam networkArguments;
    final BooleanParam standardization;
    final IntParam maxIter;
    final IntParam batchSize;
    final DoubleParam learningRate;
    final Param<String> optimizer;
    final DoubleParam momentum;
    final DoubleParam weightDecay;
    final Param<String> learningRateSchedule;
    final DoubleParam warmupFraction;
    final DoubleParam gradientClipNorm;
    final IntParam earlyStoppingPatience;
    final Param<String> validationMetric;
    final LongParam seed;
    final IntParam numWorkers;
    final Param<String> device;

    TrainingHolder(TrainingParams parent) {
      labelCol = new Param<>(parent, "labelCol", "column of the label, whole numbers from 0");
      weightCol =
          new Param<>(parent, "weightCol", "column of the sample weight; empty for weight 1");
      validationIndicatorCol =
          new Param<>(
              parent,
              "validationIndicatorCol",
              "boolean column, true for rows that choose the best epoch and are not trained on; empty for none");
      loss =
          new Param<>(
              parent,
              "loss",
              "focal, sigmoidFocal (two classes) or crossEntropy",
              ParamCheck.name("loss", LossSpec.Kind::of));
      gamma =
          new DoubleParam(
              parent,
              "gamma",
              "focusing exponent of the focal losses",
              ParamCheck.atLeast("gamma", 0));
      alpha =
          new Param<>(
              parent,
              "alpha",
              "class weights: none, balanced (n / (k n_c)), or one number per class separated by commas; one number alone is the weight of class 1 for sigmoidFocal",
              ParamCheck.name("alpha", Alpha::parse));
      reduction =
          new Param<>(
              parent,
              "reduction",
              "what a batch's loss is divided by: mean (sum of sample weights) or weightedMean (sum of sample weight times alpha)",
              ParamCheck.name("reduction", TrainingParams::reductionOf));
      hiddenLayers =
          new IntArrayParam(
              parent,
              "hiddenLayers",
              "widths of the hidden layers of the default network",
              ParamCheck.widths("hiddenLayers"));
      dropout =
          new DoubleParam(
              parent,
              "dropout",
              "share of hidden values that are zeroed while training",
              ParamCheck.fraction("dropout"));
      batchNorm =
          new BooleanParam(
              parent,
              "batchNorm",
              "whether hidden layers are normalised over the rows of all ranks");
      networkProvider =
          new Param<>(
              parent,
              "networkProvider",
              "class name of the NetworkProvider that builds the network");
      networkArguments =
          new StringArrayParam(
              parent,
              "networkArguments",
              "arguments of a provider of one's own, each as name=value",
              ParamCheck.pairs("networkArguments"));
      standardization =
          new BooleanParam(
              parent,
              "standardization",
              "whether features are shifted and scaled to mean 0 and deviation 1 over the training rows");
      maxIter =
          new IntParam(
              parent,
              "maxIter",
              "epochs: passes over the training rows",
              ParamCheck.atLeast("maxIter", 1));
      batchSize =
          new IntParam(
              parent,
              "batchSize",
              "rows of one step over all workers together",
              ParamCheck.atLeast("batchSize", 1));
      learningRate =
          new DoubleParam(
              parent,
              "learningRate",
              "highest learning rate; not multiplied by the number of workers",
              ParamCheck.positive("learningRate"));
      optimizer =
          new Param<>(
              parent,
              "optimizer",
              "adamW or sgd",
              ParamCheck.name("optimizer", TrainingParams::optimizerOf));
      momentum =
          new DoubleParam(parent, "momentum", "momentum of sgd", ParamCheck.fraction("momentum"));
      weightDecay =
          new DoubleParam(
              parent,
              "weightDecay",
              "decoupled for adamW, added to the gradient for sgd",
              ParamCheck.atLeast("weightDecay", 0));
      learningRateSchedule =
          new Param<>(
              parent,
              "learningRateSchedule",
              "cosine or constant",
              ParamCheck.name("learningRateSchedule", TrainingParams::scheduleOf));
      warmupFraction =
          new DoubleParam(
              parent,
              "warmupFraction",
              "part of all steps over which the learning rate rises",
              ParamCheck.fraction("warmupFraction"));
      gradientClipNorm =
          new DoubleParam(
              parent,
              "gradientClipNorm",
              "largest Euclidean norm of the gradient; 0 for no limit",
              ParamCheck.atLeast("gradientClipNorm", 0));
      earlyStoppingPatience =
          new IntParam(
              parent,
              "earlyStoppingPatience",
              "epochs without a better validation metric after which training ends; 0 to run all epochs",
              ParamCheck.atLeast("earlyStoppingPatience", 0));
      validationMetric =
          new Param<>(
              parent,
              "validationMetric",
              "what chooses the best epoch: loss, macroRecall or accuracy",
              ParamCheck.name("validationMetric", ValidationMetric::of));
      seed = new LongParam(parent, "seed", "decides initial weights, order of rows and dropout");
      numWorkers =
          new IntParam(
              parent,
              "numWorkers",
              "ranks that train; 0 for one per task slot",
              ParamCheck.atLeast("numWorkers", 0));
      device =
          new Param<>(
              parent,
              "device",
              "auto (the GPU that Spark assigned, else the CPU), cpu or gpu",
              ParamCheck.name("device", DeviceChoice::of));
      parent.setDefault(labelCol, "label");
      parent.setDefault(weightCol, "");
      parent.setDefault(validationIndicatorCol, "");
      parent.setDefault(loss, "focal");
      parent.setDefault(gamma, 2.0);
      parent.setDefault(alpha, "balanced");
      parent.setDefault(reduction, "mean");
      parent.setDefault(hiddenLayers, new int[] {128, 128});
      parent.setDefault(dropout, 0.0);
      parent.setDefault(batchNorm, false);
      parent.setDefault(networkProvider, MlpNetwork.class.getName());
      parent.setDefault(networkArguments, new String[0]);
      parent.setDefault(standardization, true);
      parent.setDefault(maxIter, 15);
      parent.setDefault(batchSize, 256);
      parent.setDefault(learningRate, 0.003);
      parent.setDefault(optimizer, "adamW");
      parent.setDefault(momentum, 0.9);
      parent.setDefault(weightDecay, 0.01);
      parent.setDefault(learningRateSchedule, "cosine");
      parent.setDefault(warmupFraction, 0.0);
      parent.setDefault(gradientClipNorm, 0.0);
      parent.setDefault(earlyStoppingPatience, 0);
      parent.setDefault(validationMetric, "loss");
      parent.setDefault(seed, 42L);
      parent.setDefault(numWorkers, 0);
      parent.setDefault(device, "auto");
    }
  }
}
