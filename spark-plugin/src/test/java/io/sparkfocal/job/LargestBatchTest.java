package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.calibration.CalibrationGoal;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.FeaturePlan;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.train.LearningRateSchedule;
import io.sparkfocal.train.Sgd;
import io.sparkfocal.train.TrainingSettings;
import io.sparkfocal.train.ValidationMetric;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class LargestBatchTest {

  private static final SparkConf CONF = new SparkConf(false);

  private static TrainingPlan plan(int batchSize, boolean sparse) {
    TrainingSettings settings =
        new TrainingSettings(
            1,
            batchSize,
            0.1,
            new Sgd(0, 0),
            LearningRateSchedule.CONSTANT,
            0,
            0,
            1,
            1,
            ValidationMetric.LOSS,
            0,
            DataType.FLOAT32);
    return new TrainingPlan(
        "run",
        1,
        1,
        null,
        2,
        0,
        sparse,
        FeaturePlan.numbers(true),
        new NetworkDescription(MlpNetwork.class.getName(), Map.of(), 1 << 18, 2),
        new float[0],
        null,
        settings,
        new CalibrationGoal(LogitLink.plain(false), false, null),
        DeviceChoice.CPU,
        null,
        JobSettings.of(CONF),
        null,
        null,
        null);
  }

  @Test
  void aStepOfMoreThan2GiBIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LargestBatch.require(plan(2100, false), 10_000, CONF))
        .withMessage(
            "batchSize is 2100, which is 2100 rows in a step for each worker (there are 1), but only 2046 rows of 262144 features fit in 2 GiB; lower batchSize to at most 2046, or raise numWorkers.");
    assertThatCode(() -> LargestBatch.require(plan(2100, false), 2046, CONF))
        .doesNotThrowAnyException();
  }

  @Test
  void sparseRowsTakeTheirNonZeros() {
    assertThatCode(() -> LargestBatch.require(plan(2100, true), 10_000, CONF))
        .doesNotThrowAnyException();
  }
}
