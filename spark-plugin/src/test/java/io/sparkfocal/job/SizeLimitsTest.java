package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.train.AdamW;
import io.sparkfocal.train.LearningRateSchedule;
import io.sparkfocal.train.Optimizer;
import io.sparkfocal.train.Sgd;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.Test;

class SizeLimitsTest {

  private static final SizeLimits UNLIMITED = new SizeLimits(0);

  private static TrainingPlan plan(
      int features, int epochs, int patience, Optimizer optimizer, boolean checkpoints) {
    TrainingSettings settings =
        new TrainingSettings(
            epochs,
            256,
            0.1,
            optimizer,
            LearningRateSchedule.CONSTANT,
            0,
            0,
            1,
            1,
            ValidationMetric.of("loss"),
            patience,
            DataType.FLOAT32);
    return new TrainingPlan(
        "run",
        1,
        4,
        null,
        2,
        0,
        false,
        true,
        new NetworkDescription(MlpNetwork.class.getName(), Map.of(), features, 2),
        new float[0],
        null,
        settings,
        null,
        DeviceChoice.CPU,
        null,
        JobSettings.of(new SparkConf(false)),
        checkpoints
            ? new CheckpointPlan(
                "f", "run", 1, 0, 2, new SerializableConfiguration(new Configuration(false)))
            : null);
  }

  private static TrainingPlan plan(Optimizer optimizer, boolean checkpoints) {
    return plan(10, 5, 0, optimizer, checkpoints);
  }

  private static void passes(SizeLimits limits, TrainingPlan plan, long parameters, boolean rows) {
    assertThatCode(() -> limits.require(plan, parameters, parameters, rows))
        .doesNotThrowAnyException();
  }

  private static void refused(
      SizeLimits limits, TrainingPlan plan, long parameters, boolean rows, String sentence) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> limits.require(plan, parameters, parameters, rows))
        .withMessage(sentence);
  }

  @Test
  void theResultMustFitSparksLimit() {
    SizeLimits limits = SizeLimits.of(new SparkConf(false).set("spark.driver.maxResultSize", "1m"));
    TrainingPlan plan = plan(new AdamW(0), false);
    passes(limits, plan, 259_000, true);
    refused(
        limits,
        plan,
        365_403,
        true,
        "The network has 365403 parameters, and the results of 4 workers need 1470954 bytes, but"
            + " spark.driver.maxResultSize is 1048576; start the application with 2m or more (0 for"
            + " no limit), or use a smaller network.");
    passes(UNLIMITED, plan, 365_403, true);
    passes(SizeLimits.of(new SparkConf(false)), plan, 268_000_000, true);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                SizeLimits.of(new SparkConf(false)).require(plan, 268_500_000, 268_500_000, false))
        .withMessageContaining("spark.driver.maxResultSize is 1073741824; start");
  }

  @Test
  void theResultMustFitAnArray() {
    TrainingPlan plan = plan(new AdamW(0), false);
    passes(UNLIMITED, plan, 536_800_000, true);
    refused(
        UNLIMITED,
        plan,
        536_900_000,
        true,
        "The network has 536900000 parameters, which as the result of the training are 2147601150"
            + " bytes, but at most 2147418111 can be sent; use a smaller network.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UNLIMITED.require(plan, Long.MAX_VALUE, Long.MAX_VALUE, false));
  }

  @Test
  void checkpointsHoldWhatTheOptimizerRemembersAndTheBestWeights() {
    TrainingPlan adam = plan(new AdamW(0), true);
    passes(UNLIMITED, adam, 134_200_000, true);
    refused(
        UNLIMITED,
        adam,
        134_300_000,
        true,
        "The network has 134300000 parameters, and with what the optimizer remembers a checkpoint"
            + " needs 2148801150 bytes, but at most 2147418111 can be written; use a smaller"
            + " network or the optimizer sgd, or leave checkpointDir empty.");
    passes(UNLIMITED, adam, 178_000_000, false);
    passes(UNLIMITED, plan(new Sgd(0.9, 0), true), 178_000_000, true);
    passes(UNLIMITED, plan(new AdamW(0), false), 178_000_000, true);
  }

  @Test
  void whatIsWrittenAsTextMustBeReadAgain() {
    passes(UNLIMITED, plan(499_000, 5, 0, new AdamW(0), false), 1_000_000, true);
    refused(
        UNLIMITED,
        plan(500_000, 5, 0, new AdamW(0), false),
        1_000_000,
        true,
        "Mean and scale of 500000 features and the reports of 5 epochs are a text of about 20000750"
            + " characters, but at most 20000000 can be read again; use fewer features, or a lower"
            + " maxIter.");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> UNLIMITED.require(plan(10, 200_000, 0, new AdamW(0), false), 10, 10, true));
    // Where training may end earlier, nobody knows how many reports there will be.
    passes(UNLIMITED, plan(10, 200_000, 3, new AdamW(0), false), 10, true);
  }
}
