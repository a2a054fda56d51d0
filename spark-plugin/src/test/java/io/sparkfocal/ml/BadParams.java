package io.sparkfocal.ml;

import static io.sparkfocal.ml.BadData.quick;
import static io.sparkfocal.testing.BadInput.byRank;
import static io.sparkfocal.testing.BadInput.counted;
import static io.sparkfocal.testing.BadInput.countedLike;
import static io.sparkfocal.testing.BadInput.early;
import static io.sparkfocal.testing.BadInput.earlyLike;
import static org.apache.spark.sql.functions.col;

import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.testing.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;

/** Params out of range, unknown, or that do not go together. */
final class BadParams {

  private BadParams() {}

  static List<BadInput> all() {
    List<BadInput> cases = new ArrayList<>();
    cases.addAll(ranges());
    cases.addAll(names());
    cases.addAll(together());
    cases.addAll(networks());
    cases.addAll(checkpoints());
    return cases;
  }

  private static BadInput set(String sentence, Consumer<FocalLossClassifier> setter) {
    return early("set: " + sentence, sentence, place -> setter.accept(quick()));
  }

  private static List<BadInput> ranges() {
    return List.of(
        set(
            "learningRate is -1.0; it must be a finite number of at least 0.",
            c -> c.setLearningRate(-1)),
        set(
            "learningRate is NaN; it must be a finite number of at least 0.",
            c -> c.setLearningRate(Double.NaN)),
        set("maxIter is -1; it must be a finite number of at least 0.", c -> c.setMaxIter(-1)),
        set("batchSize is -1; it must be a finite number of at least 0.", c -> c.setBatchSize(-1)),
        set(
            "numWorkers is -2; it must be a finite number of at least 0.",
            c -> c.setNumWorkers(-2)),
        set(
            "gamma is -0.5; it must be a finite number of at least 0, or -1.",
            c -> c.setGamma(-0.5)),
        set(
            "gamma is Infinity; it must be a finite number of at least 0, or -1.",
            c -> c.setGamma(Double.POSITIVE_INFINITY)),
        set(
            "hiddenLayers is [8, 0]; it must be widths of at least 1 each, or 0 alone.",
            c -> c.setHiddenLayers(8, 0)),
        set("dropout is 1.0; it must be from 0 to below 1, or -1.", c -> c.setDropout(1)),
        set("momentum is NaN; it must be from 0 to below 1.", c -> c.setMomentum(Double.NaN)),
        set(
            "warmupFraction is -0.1; it must be from 0 to below 1.",
            c -> c.setWarmupFraction(-0.1)),
        set(
            "weightDecay is -1.0; it must be a finite number of at least 0.",
            c -> c.setWeightDecay(-1)),
        set("numClasses is 1; it must be 0, or from 2 to 100000.", c -> c.setNumClasses(1)),
        set("alphaFrom is 2.0; it must be a finite number of at most 1.", c -> c.setAlphaFrom(2)),
        set(
            "maxRestarts is -1; it must be a finite number of at least 0.",
            c -> c.setMaxRestarts(-1)),
        set(
            "maxCheckpoints is 0; it must be a finite number of at least 1.",
            c -> c.setMaxCheckpoints(0)));
  }

  private static List<BadInput> names() {
    return List.of(
        set(
            "Unknown precision \"double\"; choose float32 or float16.",
            c -> c.setPrecision("double")),
        set(
            "Unknown precision \"bfloat16\", which would end the JVM (DJL); choose float32 or float16.",
            c -> c.setPrecision("bfloat16")),
        set("Unknown optimizer \"lbfgs\"; choose adamW or sgd.", c -> c.setOptimizer("lbfgs")),
        set("Unknown device \"tpu\"; choose auto, cpu or gpu.", c -> c.setDevice("tpu")),
        set(
            "networkArguments is [width]; it must be texts of the form name=value.",
            c -> c.setNetworkArguments("width")),
        earlyLike(
            "an unknown loss",
            "Unknown loss \"hinge\"; choose crossEntropy, focal, .*",
            place -> quick().setLoss("hinge")),
        earlyLike(
            "class weights of no kind",
            ".*often.* it must be auto, none, balanced, class-balanced\\(BETA\\).*",
            place -> quick().setAlpha("often")),
        countedLike(
            "a number that a loss does not have",
            "Loss ldam has no number \"margin\"; it has \\[.*",
            place -> quick().setLoss("ldam", "margin=0.3").fit(place.rows())),
        countedLike(
            "a loss class that is not there",
            "Loss class \"org.example.Nowhere\" cannot be used.*",
            place -> quick().setLoss("org.example.Nowhere").fit(place.rows())));
  }

  private static List<BadInput> together() {
    return List.of(
        early(
            "patience without validation rows",
            "earlyStoppingPatience is 3, but no rows are for validation; set validationIndicatorCol or validationFraction, or earlyStoppingPatience to 0.",
            place ->
                quick().setValidationFraction(0).setEarlyStoppingPatience(3).fit(place.rows())),
        early(
            "tuning without validation rows",
            "thresholdTuning is f1, but no rows are for validation; set validationIndicatorCol or validationFraction, or thresholdTuning to none.",
            place -> quick().setValidationFraction(0).setThresholdTuning("f1").fit(place.rows())),
        early(
            "calibration without validation rows",
            "calibration is temperature, but no rows are for validation; set validationIndicatorCol or validationFraction, or calibration to none.",
            place ->
                quick().setValidationFraction(0).setCalibration("temperature").fit(place.rows())),
        early(
            "a search without validation rows",
            "lossSearch is [default], but no rows are for validation; set validationIndicatorCol or validationFraction, or lossSearch to no losses.",
            place -> quick().setValidationFraction(0).setLossSearch().fit(place.rows())),
        early(
            "a grid with a loss that has no gamma",
            "gamma is 1.0, but loss ldam has no gamma; clear gamma, or choose a loss that has one.",
            place -> {
              FocalLossClassifier classifier = quick();
              ParamMap focal = new ParamMap().put(classifier.gamma().w(1.0));
              ParamMap ldam = focal.copy().put(classifier.loss().w("ldam"));
              new CrossValidator()
                  .setEstimator(classifier)
                  .setEvaluator(new MulticlassClassificationEvaluator("m"))
                  .setEstimatorParamMaps(new ParamMap[] {focal, ldam})
                  .fit(place.rows());
            }),
        early(
            "momentum where there is none",
            "momentum is 0.8, but optimizer adamW has none; set optimizer to sgd, or clear momentum.",
            place -> quick().setMomentum(0.8).fit(place.rows())),
        counted(
            "fewer classes than labels",
            "numClasses is 2, but column \"label\" has the label 2; set it to at least 3, or to 0.",
            place -> quick().setNumClasses(2).fit(place.rows())),
        early(
            "fewer classes than are declared",
            "numClasses is 2, but the metadata of column \"label\" declares 4 classes; set it to at least 4, or to 0.",
            place ->
                quick()
                    .setNumClasses(2)
                    .fit(
                        place
                            .rows()
                            .withColumn(
                                "label",
                                col("label")
                                    .as(
                                        "label",
                                        NominalAttribute.defaultAttr()
                                            .withName("label")
                                            .withNumValues(4)
                                            .toMetadata())))),
        counted(
            "thresholds of another number",
            "thresholds is [0.5, 0.5]; give one finite number of at least 0 for each of the 3 classes, at most one of them 0.",
            place -> quick().setThresholds(0.5, 0.5).fit(place.rows())),
        counted(
            "class weights of another number",
            "alpha has 2 numbers ([1.0, 2.0]), but there are 3 classes; give one per class.",
            place -> quick().setAlpha(1, 2).fit(place.rows())),
        counted(
            "frequencies counted twice",
            "alpha is balanced and logitAdjustment is 1.0, but each makes up for the class frequencies; set alpha to none or logitAdjustment to 0.",
            place -> quick().setLogitAdjustment(1).setAlpha("balanced").fit(place.rows())),
        counted(
            "a prior bias for a loss that adjusts",
            "priorBias is true, but loss balancedSoftmax adjusts the logits by the class frequencies already; set priorBias to false.",
            place -> quick().setLoss("balancedSoftmax").setPriorBias(true).fit(place.rows())),
        early(
            "more workers than slots",
            "numWorkers is 4, but the cluster has 3 task slots; lower numWorkers, add executors or cores, or raise spark.focal.slots.timeout.",
            place -> quick().setNumWorkers(4).fit(place.rows())),
        early(
            "a GPU that Spark does not give",
            "device is gpu, but Spark gives its tasks none (spark.task.resource.gpu.amount is not set); set it and spark.executor.resource.gpu.amount as in conf/spark-defaults-gpu.conf, or choose device cpu.",
            place -> quick().setDevice("gpu").fit(place.rows())));
  }

  private static List<BadInput> networks() {
    return List.of(
        early(
            "a network that is not there",
            "Network provider \"org.example.Nowhere\" is not on the class path; add its jar with --jars.",
            place -> own("org.example.Nowhere").fit(place.rows())),
        early(
            "a class that is no network",
            "Network provider \"java.lang.String\" does not implement io.sparkfocal.network.NetworkProvider.",
            place -> own("java.lang.String").fit(place.rows())),
        byRank(
            "a network with another number of outputs",
            "Network provider \"%s\" gives [(1, 4)] for one row, but must give (1, 3)."
                .formatted(WideNetwork.class.getName()),
            place -> own(WideNetwork.class.getName()).fit(place.rows())));
  }

  private static FocalLossClassifier own(String provider) {
    return new FocalLossClassifier().setMaxIter(1).setNetworkProvider(provider);
  }

  /** Forgets that it was told how many outputs there are. */
  public static final class WideNetwork implements NetworkProvider {
    /** Made by name. */
    public WideNetwork() {}

    @Override
    public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
      return Linear.builder().setUnits(outputs + 1L).build();
    }
  }

  private static List<BadInput> checkpoints() {
    return List.of(
        early(
            "resume without a folder",
            "resume is true, but there is no folder to look for checkpoints in; set checkpointDir, or resume to false.",
            place -> quick().setResume(true).fit(place.rows())),
        early(
            "checkpoints at no time",
            "checkpointDir is \"/c\", but checkpointInterval and checkpointMinutes are both 0; set one of them above 0.",
            place -> quick().setCheckpointDir("/c").setCheckpointMinutes(0).fit(place.rows())),
        early(
            "resume of a search",
            "resume is true, but lossSearch trains several networks; set resume to false, or loss to the one to go on with.",
            place ->
                quick().setCheckpointDir("/c").setResume(true).setLossSearch().fit(place.rows())),
        countedLike(
            "a file system that is not there",
            "checkpointDir is \"nowhere://x/y\", which cannot be used: No FileSystem for scheme.*; give a folder of a file system that driver and executors reach\\.",
            place -> quick().setCheckpointDir("nowhere://x/y").fit(place.rows())));
  }
}
