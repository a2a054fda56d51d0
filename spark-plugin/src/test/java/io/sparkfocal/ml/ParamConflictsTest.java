package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.testing.GeneralizedCrossEntropy;
import io.sparkfocal.testing.NarrowNetwork;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Params without effect: refused where the model would differ, else a warning. */
class ParamConflictsTest {

  private static Arguments row(String sentence, UnaryOperator<FocalLossClassifier> setter) {
    return Arguments.of(sentence, setter);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        row(
            "featuresCol is \"x\" and featuresCols is [a, b], but features come from one of them; set one and clear the other.",
            c -> c.setFeaturesCol("x").setFeaturesCols("a", "b")),
        row(
            "loss is ldam, but lossSearch tries losses with their own loss, gamma, alpha and numbers; write it into lossSearch, as in \"focal gamma=1 alpha=balanced\", and clear loss.",
            c -> c.setLoss("ldam").setLossSearch()),
        row(
            "gamma is 1.0, but lossSearch tries losses with their own loss, gamma, alpha and numbers; write it into lossSearch, as in \"focal gamma=1 alpha=balanced\", and clear gamma.",
            c -> c.setGamma(1).setLossSearch()),
        row(
            "alpha is balanced, but lossSearch tries losses with their own loss, gamma, alpha and numbers; write it into lossSearch, as in \"focal gamma=1 alpha=balanced\", and clear alpha.",
            c -> c.setAlpha("balanced").setLossSearch("focal", "ldam")),
        row(
            "lossArguments is [gamma=3], but lossSearch tries losses with their own loss, gamma, alpha and numbers; write it into lossSearch, as in \"focal gamma=1 alpha=balanced\", and clear lossArguments.",
            c -> c.setLossArguments("gamma=3").setLossSearch("focal", "ldam")),
        row(
            "gamma is 3.0, but loss crossEntropy has no gamma; clear gamma, or choose a loss that has one.",
            c -> c.setLoss("crossEntropy").setGamma(3)),
        row(
            "gamma is 3.0, but loss asymmetric has no gamma; clear gamma, or choose a loss that has one.",
            c -> c.setLoss("asymmetric").setGamma(3)),
        row(
            "gamma is 3.0, but loss io.sparkfocal.testing.GeneralizedCrossEntropy has no gamma; clear gamma, or choose a loss that has one.",
            c -> c.setLoss(GeneralizedCrossEntropy.class).setGamma(3)),
        row(
            "gamma is 3.0, but lossArguments is [gamma=1], which has a gamma too; give one of them.",
            c -> c.setGamma(3).setLossArguments("gamma=1")),
        row(
            "Loss argument \"gamma\" is given twice in [gamma=1, gamma=2]; give it one value.",
            c -> c.setLossArguments("gamma=1", "gamma=2")),
        row(
            "Loss argument \"gamma\" is given twice in [gamma=1, gamma=2]; give it one value.",
            c -> c.setLossSearch("focal gamma=1 gamma=2")),
        row(
            "alpha is given twice in \"focal alpha=none alpha=auto\"; give it one value.",
            c -> c.setLossSearch("focal alpha=none alpha=auto")),
        row(
            "networkArguments is [width=5], but the multilayer perceptron takes hiddenLayers, dropout and batchNorm instead; set those, or networkProvider.",
            c -> c.setNetworkArguments("width=5")),
        row(
            "hiddenLayers is [8], but networkProvider is io.sparkfocal.testing.NarrowNetwork, which takes networkArguments instead; clear hiddenLayers, or networkProvider.",
            c -> c.setHiddenLayers(8).setNetwork(NarrowNetwork.class, Map.of("width", "5"))),
        row(
            "dropout is 0.5, but networkProvider is io.sparkfocal.testing.NarrowNetwork, which takes networkArguments instead; clear dropout, or networkProvider.",
            c -> c.setDropout(0.5).setNetwork(NarrowNetwork.class, Map.of("width", "5"))),
        row(
            "batchNorm is true, but networkProvider is io.sparkfocal.testing.NarrowNetwork, which takes networkArguments instead; clear batchNorm, or networkProvider.",
            c -> c.setBatchNorm(true).setNetwork(NarrowNetwork.class, Map.of("width", "5"))),
        row(
            "networkArguments is [width=5, width=6], which has a name twice; give each name one value.",
            c ->
                c.setNetwork(NarrowNetwork.class, Map.of())
                    .setNetworkArguments("width=5", "width=6")),
        row(
            "momentum is 0.8, but optimizer adamW has none; set optimizer to sgd, or clear momentum.",
            c -> c.setMomentum(0.8)),
        row(
            "thresholds is [0.5, 0.5], but thresholdTuning is f1, which chooses others; clear thresholds, or set thresholdTuning to none.",
            c -> c.setThresholds(0.5, 0.5).setThresholdTuning("f1")));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatWouldGiveAnotherModelIsRefused(
      String sentence, UnaryOperator<FocalLossClassifier> setter) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ParamConflicts.refuse(setter.apply(new FocalLossClassifier())))
        .withMessage(sentence);
  }

  static Stream<Arguments> accepted() {
    return Stream.of(
        row("nothing", c -> c),
        row("gamma of a loss that has one", c -> c.setLoss("dualFocal").setGamma(3)),
        row("no search", c -> c.setLoss("focal").setLossSearch(new String[0])),
        row("alpha auto beside a search", c -> c.setAlpha("auto").setLossSearch()),
        row("momentum of sgd", c -> c.setOptimizer("sgd").setMomentum(0.8)),
        row("no momentum", c -> c.setMomentum(0)),
        row("defaults that a copy set", c -> c.copy(c.extractParamMap()).setLoss("crossEntropy")),
        row(
            "layers that are off",
            c ->
                c.setNetwork(NarrowNetwork.class, Map.of("width", "5"))
                    .setDropout(0)
                    .setBatchNorm(false)),
        row("no arguments", c -> c.setNetworkArguments().setLossArguments()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("accepted")
  void whatHasAnEffectOrAsksForNothingIsAccepted(
      String name, UnaryOperator<FocalLossClassifier> setter) {
    FocalLossClassifier classifier = setter.apply(new FocalLossClassifier());
    ParamConflicts.refuse(classifier);
    assertThat(IdleParams.of(classifier)).isEmpty();
  }

  static Stream<Arguments> idle() {
    return Stream.of(
        row(
            "checkpointInterval is 5, but no checkpoints are written; set checkpointDir.",
            c -> c.setCheckpointInterval(5)),
        row(
            "checkpointMinutes is 2.0, but no checkpoints are written; set checkpointDir.",
            c -> c.setCheckpointMinutes(2)),
        row(
            "maxCheckpoints is 3, but no checkpoints are written; set checkpointDir.",
            c -> c.setMaxCheckpoints(3)),
        row(
            "dropout is 0.5, but there are no hidden layers that it could follow; set hiddenLayers.",
            c -> c.setHiddenLayers().setDropout(0.5)),
        row(
            "batchNorm is true, but there are no hidden layers that it could follow; set hiddenLayers.",
            c -> c.setHiddenLayers().setBatchNorm(true)),
        row(
            "validationMetric is accuracy, but no rows are for validation, so the last epoch is kept; set validationIndicatorCol.",
            c -> c.setValidationMetric("accuracy").setValidationFraction(0)),
        row(
            "earlyStoppingPatience is 9, but maxIter is 10, so training cannot end earlier; lower it below 9 to let it.",
            c -> c.setMaxIter(10).setEarlyStoppingPatience(9)),
        row(
            "rawPredictionCol, probabilityCol and predictionCol are all empty, so the model appends nothing; name one of them.",
            c -> c.setRawPredictionCol("").setProbabilityCol("").setPredictionCol("")),
        row(
            "predictionCol is empty, but thresholds choose nothing other than the prediction; name predictionCol.",
            c -> c.setPredictionCol("").setThresholdTuning("f1")));
  }

  @ParameterizedTest
  @MethodSource("idle")
  void whatChangesNothingIsWarnedOf(String sentence, UnaryOperator<FocalLossClassifier> setter) {
    FocalLossClassifier classifier = setter.apply(new FocalLossClassifier());
    ParamConflicts.refuse(classifier);
    assertThat(IdleParams.of(classifier)).containsExactly(sentence);
  }

  /** 100 rows and 10 epochs of batches of 25 are 40 steps. */
  private static List<String> afterCounting(UnaryOperator<FocalLossClassifier> setter) {
    FocalLossClassifier classifier =
        setter.apply(new FocalLossClassifier().setBatchSize(25).setMaxIter(10));
    LabelCounts counts = new LabelCounts(new long[] {90, 10}, 0, 100, 0);
    EstimatorPlan plan =
        new EstimatorPlan(classifier, NetworkChoice.MLP, counts.trainingRows(), false, false);
    return IdleParams.of(classifier, plan.outputLayer(counts).loss(), counts, 2, plan.auto());
  }

  static Stream<Arguments> idleWithTheseRows() {
    return Stream.of(
        row(
            "alphaFrom is 0.5, but loss crossEntropy has no class weights here (alpha is none); set alpha.",
            c -> c.setAlpha("none").setAlphaFrom(0.5)),
        row(
            "alphaFrom is 0.5, but loss dice has no class weights here (alpha is auto); set alpha.",
            c -> c.setLoss("dice").setAlpha("auto").setAlphaFrom(0.5)),
        row(
            "reduction is weightedMean, but loss crossEntropy has no class weights here (alpha is none), so it is the mean; set alpha.",
            c -> c.setAlpha("none").setReduction("weightedMean")),
        row(
            "alpha is auto, but the class weights of loss ldam hold from 0.8 of training on, which is after the last of its 4 steps; lower alphaFrom or raise maxIter.",
            c -> c.setLoss("ldam").setAlpha("auto").setMaxIter(1)),
        row(
            "warmupFraction is 0.02, but that is less than one of the 40 steps; raise it to 0.025 at least, or maxIter.",
            c -> c.setWarmupFraction(0.02)),
        row(
            "gradientAccumulationSteps is 14, but a step has 13 rows on each of 2 workers, which cannot be cut into more parts; lower it.",
            c -> c.setGradientAccumulationSteps(14)),
        row(
            "checkpointInterval is 41, but training has 40 steps, so no checkpoint is written; lower it.",
            c -> c.setCheckpointDir("/c").setCheckpointMinutes(0).setCheckpointInterval(41)));
  }

  @ParameterizedTest
  @MethodSource("idleWithTheseRows")
  void whatChangesNothingWithTheseRowsIsWarnedOf(
      String sentence, UnaryOperator<FocalLossClassifier> setter) {
    assertThat(afterCounting(setter)).containsExactly(sentence);
  }

  @Test
  void noHiddenLayersGoWithANetworkOfOnesOwn() {
    assertThatCode(
            () ->
                ParamConflicts.refuse(
                    new FocalLossClassifier()
                        .setHiddenLayers(new int[0])
                        .setNetwork(NarrowNetwork.class, Map.of("width", "5"))))
        .doesNotThrowAnyException();
  }

  @Test
  void nothingIsSaidWhereEverythingHasAnEffect() {
    assertThat(
            afterCounting(
                c -> c.setAlpha("balanced").setAlphaFrom(0.5).setReduction("weightedMean")))
        .isEmpty();
    assertThat(afterCounting(c -> c.setLoss("ldam").setWarmupFraction(0.025))).isEmpty();
    assertThat(afterCounting(c -> c.setGradientAccumulationSteps(13))).isEmpty();
    assertThat(
            afterCounting(
                c -> c.setCheckpointDir("/c").setCheckpointMinutes(0).setCheckpointInterval(40)))
        .isEmpty();
  }

  @Test
  void aSearchIsOfTheUsualLossesOrOfExactlyThoseThatAreGiven() {
    FocalLossClassifier classifier = new FocalLossClassifier();
    assertThat(classifier.setLossSearch().getLossSearch()).containsExactly("default");
    assertThat(classifier.setLossSearch(new String[0]).getLossSearch()).isEmpty();
  }
}
