package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.collective.CollectiveException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.apache.spark.SparkException;
import org.apache.spark.TaskKilledException;
import org.junit.jupiter.api.Test;

class RankFailureTest {

  /** Spark's account of a failed stage: text, with the stack trace of the task in it. */
  private static RuntimeException report(Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    return new RuntimeException("Job aborted due to stage failure: Task 1: " + trace);
  }

  private static RankName rank(int rank, int world) {
    return new RankName(rank, world, "h" + rank, "" + rank, "");
  }

  @Test
  void aRankIsNamedWithItsHostExecutorAndGpu() {
    assertThat(new RankName(1, 4, "h", "7", "GPU-00"))
        .hasToString("Rank 1 of 4, host h, executor 7, GPU-00");
  }

  @Test
  void badInputComesBackAsAnIllegalArgument() {
    RankFailure failure = RankFailure.of(rank(1, 4), new IllegalArgumentException("No\nsuch row."));
    assertThat(RankFailure.inReport(report(failure)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Rank 1 of 4, host h1, executor 1: No such row.");
  }

  @Test
  void otherFailuresComeBackAsATrainingException() {
    RankFailure failure = RankFailure.of(rank(0, 2), new IllegalStateException("Too hot."));
    assertThat(RankFailure.inReport(report(failure)))
        .isInstanceOf(TrainingException.class)
        .hasMessage("Rank 0 of 2, host h0, executor 0: Too hot.");
    RankFailure silent = RankFailure.of(rank(0, 2), new NullPointerException());
    assertThat(RankFailure.inReport(report(silent)))
        .hasMessage("Rank 0 of 2, host h0, executor 0: java.lang.NullPointerException");
  }

  @Test
  void whatARankHeardFromAnotherIsReportedAsTheOthersOwn() {
    RankFailure first = RankFailure.of(rank(2, 4), new IllegalArgumentException("A bad row."));
    RankFailure heard = RankFailure.of(rank(0, 4), new CollectiveException(first.getMessage()));
    assertThat(RankFailure.inReport(report(heard)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Rank 2 of 4, host h2, executor 2: A bad row.");
    RankFailure own = RankFailure.of(rank(0, 4), new CollectiveException("Waited 5 ms."));
    assertThat(RankFailure.inReport(report(own)))
        .isInstanceOf(TrainingException.class)
        .hasMessage("Rank 0 of 4, host h0, executor 0: Waited 5 ms.");
  }

  @Test
  void aReportWithoutARankIsLeftToSpark() {
    assertThat(RankFailure.inReport(new RuntimeException("Executor lost"))).isNull();
    assertThat(RankFailure.inReport(new RuntimeException())).isNull();
  }

  private static RuntimeException ofRow(Throwable thrown) {
    return RankFailure.inReport(report(RankFailure.of(rank(0, 2), new RowFailure(thrown))));
  }

  @Test
  void whatTheUsersCodeThrowsAtARowIsNotTriedAgain() {
    assertThat(ofRow(new IllegalStateException("no 7", new RuntimeException("below\nit"))))
        .isInstanceOf(TrainingException.class)
        .hasMessage(
            "Rank 0 of 2, host h0, executor 0: A row of the input cannot be computed: java.lang.IllegalStateException: no 7: java.lang.RuntimeException: below")
        .extracting(e -> ((TrainingException) e).isPermanent())
        .isEqualTo(true);
    assertThat(
            ofRow(
                new RuntimeException("Traceback (most recent call last):\n f()\nValueError: 7\n")))
        .hasMessageEndingWith("cannot be computed: ValueError: 7");
    assertThat(ofRow(new RuntimeException()))
        .hasMessageEndingWith("cannot be computed: java.lang.RuntimeException");
  }

  @Test
  void whatSparkOrAFileSystemThrowsMayPass() {
    assertThat(RowFailure.mayPass(new IOException("reset"))).isTrue();
    assertThat(RowFailure.mayPass(new IllegalStateException(new IOException("reset")))).isTrue();
    assertThat(RowFailure.mayPass(new TaskKilledException("killed"))).isTrue();
    assertThat(RowFailure.mayPass(new OutOfMemoryError())).isTrue();
    assertThat(RowFailure.mayPass(new SparkException("Block rdd_1_2 was not found"))).isTrue();
    assertThat(RowFailure.mayPass(new SparkException("[FAILED_EXECUTE_UDF] User"))).isFalse();
    assertThat(RowFailure.mayPass(new AssertionError("7"))).isFalse();
    Exception first = new RuntimeException("1");
    first.initCause(new RuntimeException("2", first));
    assertThat(new RowFailure(first)).hasMessageContaining("1");
  }

  @Test
  void anOverflowIsNotTriedAgain() {
    RankFailure overflow = RankFailure.of(rank(0, 2), new ArithmeticException("integer overflow"));
    assertThat(RankFailure.inReport(report(overflow)))
        .hasMessageMatching(
            "Rank 0 of 2, host h0, executor 0: A size is larger than can be computed with \\(integer overflow in \\S+\\); use .*")
        .extracting(e -> ((TrainingException) e).isPermanent())
        .isEqualTo(true);
  }
}
