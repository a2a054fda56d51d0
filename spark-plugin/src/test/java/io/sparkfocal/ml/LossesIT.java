package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.calibration.CalibrationReport;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.losses.LossContract;
import io.sparkfocal.testing.GeneralizedCrossEntropy;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Losses, their search, and what is made of the scores afterwards. */
@Timeout(300)
class LossesIT {

  private static Dataset<Row> rows;
  private static Dataset<Row> binary;

  @BeforeAll
  static void startSpark() {
    rows =
        Samples.rows(TestSpark.local(), 300)
            .withColumn("held_out", col("id").mod(7).equalTo(0))
            .repartition(2)
            .cache();
    binary = rows.withColumn("label", col("label").equalTo(2).cast("int")).cache();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(16)
        .setBatchSize(32)
        .setMaxIter(12)
        .setLearningRate(0.02)
        .setNumWorkers(2);
  }

  private static double accuracy(Dataset<Row> scored) {
    return (double) scored.where("label = prediction").count() / scored.count();
  }

  static Stream<String> names() {
    return LossCatalogue.names().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyLossTrainsByItsName(String name) {
    for (Dataset<Row> data : List.of(rows, binary)) {
      FocalLossClassificationModel model =
          quick().setLoss(name).setAlpha("auto").setNumWorkers(data == rows ? 2 : 1).fit(data);
      Dataset<Row> scored = model.transform(data);
      assertThat(accuracy(scored)).isGreaterThan(0.8);
      for (Row row : scored.select("probability").takeAsList(20)) {
        assertThat(Arrays.stream(((Vector) row.get(0)).toArray()).sum()).isCloseTo(1, within(1e-9));
      }
      assertThat(model.summary().loss()).isEqualTo(name + " alpha=auto");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dice", "tversky", "focalTversky", "ghm", "seesaw"})
  void aLossWhoseRowsDependOnEachOtherIsValidated(String name) {
    FocalLossClassificationModel model =
        quick()
            .setLoss(name)
            .setMaxIter(2)
            .setNumWorkers(2)
            .setMaxRestarts(0)
            .setValidationIndicatorCol("held_out")
            .fit(rows);
    assertThat(model.summary().epochs())
        .allSatisfy(epoch -> assertThat(epoch.validation().loss()).isFinite());
  }

  @Test
  void aLossOfOnesOwnIsVerifiedAndTrains() {
    LossContract.verify(new GeneralizedCrossEntropy()).requirePassed();
    FocalLossClassificationModel model = quick().setLoss(GeneralizedCrossEntropy.class).fit(rows);
    assertThat(accuracy(model.transform(rows))).isGreaterThan(0.8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLoss("org.example.Nowhere").fit(rows))
        .withMessageStartingWith("Loss class \"org.example.Nowhere\" cannot be used");
  }

  @Test
  void numbersOfALossAreCheckedByItsName() {
    assertThat(quick().setLoss("ldam", "maxMargin=0.3").getLossArguments())
        .containsExactly("maxMargin=0.3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLoss("ldam", "margin=0.3").fit(rows))
        .withMessageStartingWith("Loss ldam has no number \"margin\"; it has [");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLoss("ldam", "scale=big").fit(rows))
        .withMessage("Loss argument \"scale=big\" is no name=number, as gamma=2.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLoss("dice").setAlpha("balanced").fit(rows))
        .withMessageContaining("set alpha to none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setAlpha("class-balanced(1)"))
        .withMessageContaining("class-balanced(BETA)");
  }

  @Test
  void classWeightsMayHoldFromALaterEpochOn() {
    FocalLossClassifier plain = quick().setLoss("crossEntropy").setMaxIter(2);
    double[] never = plain.setAlpha("none").fit(rows).summary().objectiveHistory();
    double[] late =
        plain.setAlpha("balanced").setAlphaFrom(0.5).fit(rows).summary().objectiveHistory();
    double[] always = plain.setAlphaFrom(0).fit(rows).summary().objectiveHistory();
    assertThat(late[0]).isEqualTo(never[0]).isNotEqualTo(always[0]);
    assertThat(late[1]).isNotEqualTo(never[1]);
  }

  @Test
  void theBestLossOfASearchIsKept() {
    FocalLossClassificationModel model =
        quick()
            .setValidationIndicatorCol("held_out")
            .setLossSearch("crossEntropy alpha=0.001,0.001,5", "focal gamma=1")
            .fit(rows);
    TrainingSummary summary = model.summary();
    assertThat(summary.search())
        .extracting(LossScore::loss)
        .containsExactly("crossEntropy alpha=0.001,0.001,5", "focal gamma=1.0 alpha=none");
    assertThat(summary.search().get(1).score()).isGreaterThan(summary.search().get(0).score());
    assertThat(summary.loss()).isEqualTo("focal gamma=1.0 alpha=none");
    assertThat(accuracy(model.transform(rows))).isGreaterThan(0.8);
    assertThat(quick().setLossSearch().getLossSearch()).containsExactly("default");
  }

  @Test
  void aSearchThatCannotCompareIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setValidationFraction(0).setLossSearch().fit(rows))
        .withMessageContaining("set validationIndicatorCol");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLossSearch("focal", "hinge"))
        .withMessageStartingWith("Unknown loss \"hinge\"");
  }

  @Test
  void temperatureMakesValidationRowsMoreLikelyAndIsSaved(@TempDir Path folder) throws Exception {
    FocalLossClassifier classifier =
        quick().setLoss("focal").setGamma(5).setValidationIndicatorCol("held_out");
    FocalLossClassificationModel plain = classifier.fit(rows);
    FocalLossClassificationModel calibrated = classifier.setCalibration("temperature").fit(rows);
    CalibrationReport before = report(plain);
    CalibrationReport after = report(calibrated);
    assertThat(before.rows()).isEqualTo(43);
    assertThat(plain.temperature()).isEqualTo(1);
    // Focal probabilities are not sure enough.
    assertThat(calibrated.temperature()).isLessThan(0.9);
    assertThat(after.negativeLogLikelihood()).isLessThan(before.negativeLogLikelihood());
    assertThat(predictions(calibrated)).isEqualTo(predictions(plain));
    calibrated.save(folder.resolve("model").toString());
    FocalLossClassificationModel loaded =
        FocalLossClassificationModel.load(folder.resolve("model").toString());
    assertThat(loaded.temperature()).isEqualTo(calibrated.temperature());
    assertThat(loaded.transform(rows).select("probability").collectAsList())
        .isEqualTo(calibrated.transform(rows).select("probability").collectAsList());
  }

  private static CalibrationReport report(FocalLossClassificationModel model) {
    return Objects.requireNonNull(model.summary().calibration());
  }

  private static List<Row> predictions(FocalLossClassificationModel model) {
    return model.transform(rows).select("id", "prediction").orderBy("id").collectAsList();
  }

  @Test
  void thresholdsReachARecallOnValidationRows() {
    FocalLossClassificationModel model =
        quick()
            .setLoss("crossEntropy")
            .setAlpha("none")
            .setMaxIter(3)
            .setValidationIndicatorCol("held_out")
            .setThresholdTuning("recall=1")
            .fit(binary);
    Dataset<Row> rare = model.transform(binary.where("held_out and label = 1"));
    assertThat(accuracy(rare)).isEqualTo(1);
    assertThat(model.getThresholds()[1]).isLessThan(0.5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setValidationFraction(0).setThresholdTuning("f1").fit(binary))
        .withMessage(
            "thresholdTuning is f1, but no rows are for validation; set validationIndicatorCol or validationFraction, or thresholdTuning to none.");
  }

  @Test
  void aNetworkMayBeginAtTheClassFrequencies() {
    FocalLossClassifier still =
        quick().setLoss("crossEntropy").setAlpha("none").setLearningRate(1e-12).setMaxIter(1);
    for (String loss : new String[] {"crossEntropy", "sigmoidCrossEntropy"}) {
      Vector before =
          (Vector)
              still
                  .setLoss(loss)
                  .setPriorBias(true)
                  .fit(binary)
                  .transform(binary)
                  .selectExpr("probability")
                  .first()
                  .get(0);
      Vector without =
          (Vector)
              still
                  .setPriorBias(false)
                  .fit(binary)
                  .transform(binary)
                  .selectExpr("probability")
                  .first()
                  .get(0);
      // One row in ten is of class 1; random weights move it somewhat.
      assertThat(before.apply(1)).isLessThan(without.apply(1)).isBetween(0.02, 0.35);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLoss("balancedSoftmax").setPriorBias(true).fit(rows))
        .withMessage(
            "priorBias is true, but loss balancedSoftmax adjusts the logits by the class frequencies already; set priorBias to false.");
  }

  @Test
  void logitsMayBeAdjustedAfterTraining() {
    for (String loss : new String[] {"crossEntropy", "sigmoidCrossEntropy"}) {
      FocalLossClassifier classifier = quick().setLoss(loss).setAlpha("none").setMaxIter(2);
      Vector plain =
          (Vector) classifier.fit(binary).transform(binary).select("probability").first().get(0);
      Vector adjusted =
          (Vector)
              classifier
                  .setLogitAdjustment(1)
                  .fit(binary)
                  .transform(binary)
                  .select("probability")
                  .first()
                  .get(0);
      double odds = plain.apply(1) / plain.apply(0);
      double expected =
          odds / (binary.where("label = 1").count() / (double) binary.where("label = 0").count());
      assertThat(adjusted.apply(1) / adjusted.apply(0))
          .isCloseTo(expected, within(1e-5 * expected));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setLoss("logitAdjusted").setLogitAdjustment(1).fit(rows))
        .withMessageContaining("set logitAdjustment to 0");
  }

  @Test
  void classFrequenciesAreNotCountedTwice() {
    FocalLossClassifier adjusted = quick().setLogitAdjustment(1).setMaxIter(1);
    TrainingSummary summary = adjusted.fit(rows).summary();
    assertThat(summary.loss()).endsWith("alpha=none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adjusted.setAlpha("balanced").fit(rows))
        .withMessage(
            "alpha is balanced and logitAdjustment is 1.0, but each makes up for the class frequencies; set alpha to none or logitAdjustment to 0.");
  }

  @Test
  void aSearchChecksEveryLossBeforeItTrainsAny() {
    FocalLossClassifier search =
        quick().setValidationIndicatorCol("held_out").setMaxIter(1).setNumWorkers(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> search.setLossSearch("crossEntropy", "focal gama=1").fit(rows))
        .withMessageContaining("has no number \"gama\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> search.setLossSearch("focal", "dice alpha=balanced").fit(rows))
        .withMessageContaining("set alpha to none");
    TrainingSummary summary = search.setLossSearch().setPriorBias(true).fit(rows).summary();
    assertThat(summary.search())
        .extracting(LossScore::loss)
        .hasSize(5)
        .doesNotContain("balancedSoftmax alpha=none");
  }

  @Test
  void validationSeesTheAdjustedLogits() {
    FocalLossClassifier classifier =
        quick()
            .setAlpha("none")
            .setValidationIndicatorCol("held_out")
            .setValidationMetric("macroRecall")
            .setNumWorkers(1)
            .setMaxIter(1);
    double rare = binary.where("held_out and label = 1").count();
    double share = rare / binary.where("held_out").count();
    assertThat(validationAccuracy(classifier.fit(binary))).isGreaterThan(2 * share);
    // So much of it that all rows are of the rare class.
    assertThat(validationAccuracy(classifier.setLogitAdjustment(50).fit(binary)))
        .isCloseTo(share, within(1e-9));
  }

  private static double validationAccuracy(FocalLossClassificationModel model) {
    return Objects.requireNonNull(model.summary().epochs().get(0).validation()).accuracy();
  }

  @Test
  void namedClassesAreCalibratedToo() {
    Dataset<Row> named =
        new StringIndexer()
            .setInputCol("name")
            .setOutputCol("index")
            .fit(rows.withColumn("name", col("label").cast("string")))
            .transform(rows.withColumn("name", col("label").cast("string")));
    FocalLossClassificationModel model =
        quick().setLabelCol("index").setValidationIndicatorCol("held_out").fit(named);
    assertThat(model.classNames()).containsExactly("0", "1", "2");
    assertThat(report(model).negativeLogLikelihood()).isBetween(0.0, 1.0);
    assertThat(model.setPredictionCol("").transform(named).columns())
        .doesNotContain("prediction")
        .contains("probability");
  }
}
