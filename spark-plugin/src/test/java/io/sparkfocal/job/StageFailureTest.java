package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.BarrierJobSlotsNumberCheckFailed;
import org.junit.jupiter.api.Test;

class StageFailureTest {

  private static SparkException lost(String account, Throwable thrown) {
    return new SparkException(
        "Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent failure: Lost task 0.3 in stage 3.0 (TID 9) (10.0.0.7 executor 2): "
            + account
            + "\n\tat a.b.C(C.java:1)\nDriver stacktrace:",
        thrown);
  }

  @Test
  void aResultAboveTheLimitNamesTheSettingAndWhatIsNeeded() {
    Throwable failure =
        new SparkException(
            "Job aborted due to stage failure: Total size of serialized results of 1 tasks (1435.3 KiB) is bigger than spark.driver.maxResultSize (1024.0 KiB)");
    assertThat(StageFailure.permanent(failure))
        .isInstanceOf(TrainingException.class)
        .hasMessage(
            "The results of the tasks need 1435.3 KiB, but spark.driver.maxResultSize is 1024.0 KiB; start the application with a larger one, or with 0 for no limit.")
        .extracting(e -> ((TrainingException) e).isPermanent())
        .isEqualTo(true);
    assertThat(StageFailure.permanent(new SparkException("Outer.", failure))).isNotNull();
  }

  @Test
  void whatATaskBeforeTheRanksThrewIsNotTriedAgain() {
    assertThat(StageFailure.permanent(lost("x", new IllegalStateException("no 7"))))
        .isInstanceOf(TrainingException.class)
        .hasMessage("A row of the input cannot be computed: java.lang.IllegalStateException: no 7");
    // Where it could not be serialized.
    assertThat(StageFailure.permanent(lost("my.Own: no 7", null)))
        .isInstanceOf(TrainingException.class)
        .hasMessage("A row of the input cannot be computed: my.Own: no 7");
  }

  @Test
  void whatMayPassIsTriedAgain() {
    for (String account :
        new String[] {
          "ExecutorLostFailure (executor 2 exited caused by one of the running tasks) Reason: x",
          "FetchFailed(null, shuffleId=0, mapIndex=-1, mapId=-1, reduceId=0, message=x",
          "TaskResultLost (result lost from block manager)",
          "java.io.EOFException: x",
          "java.lang.RuntimeException: x\nCaused by: org.apache.hadoop.fs.PathIOException: y",
          "java.lang.OutOfMemoryError: Java heap space"
        }) {
      assertThat(StageFailure.permanent(lost(account, null))).as(account).isNull();
    }
    Throwable broken = new IllegalStateException("x", new IOException("Connection reset"));
    assertThat(StageFailure.permanent(lost("x", broken))).isNull();
    assertThat(StageFailure.permanent(new SparkException("Executor lost"))).isNull();
  }

  @Test
  void aBarrierStageThatSparkDoesNotAcceptIsNoRow() {
    // Slots may come, and the number of an issue is not the name of an error.
    Throwable tooFew = new BarrierJobSlotsNumberCheckFailed(4, 2);
    assertThat(tooFew.getMessage()).startsWith("[SPARK-24819]");
    assertThat(StageFailure.permanent(tooFew)).isNull();
    assertThat(StageFailure.permanent(new SparkException("x", tooFew))).isNull();
  }

  @Test
  void aJobThatIsCancelledIsNoRow() {
    for (String text :
        new String[] {
          "Job 3 cancelled part of cancelled job group g",
          "[SPARK_JOB_CANCELLED] Job 3 cancelled part of cancelled job group g SQLSTATE: XXKDA",
          "Job aborted due to stage failure: Stage 2 was cancelled",
          "Job 3 cancelled because SparkContext was shut down"
        }) {
      assertThat(StageFailure.permanent(new RuntimeException(new SparkException(text))))
          .as(text)
          .isInstanceOf(TrainingException.class)
          .hasMessage("The training job was cancelled: " + new SparkException(text));
      assertThat(StageFailure.permanent(new SparkException(text)))
          .hasMessage("The training job was cancelled: " + text);
    }
  }

  @Test
  void anArgumentThatTheUsersCodeRefusesIsOneInAnyStage() {
    assertThat(StageFailure.permanent(lost("x", new NumberFormatException("no 7"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A row of the input cannot be computed: java.lang.NumberFormatException: no 7");
  }

  @Test
  void anOverflowOnTheDriverIsNotTriedAgain() {
    assertThat(StageFailure.permanent(new ArithmeticException("integer overflow")))
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith("A size is larger than can be computed with (integer overflow in ");
  }
}
