package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.train.MemoryException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
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

  /** Tried again, it would find as little. */
  @Test
  void memoryThatCannotBeMendedIsNotTriedAgain() {
    Throwable failure = new MemoryException("Memory does not suffice.", new RuntimeException());
    assertThat(RankFailure.inReport(report(RankFailure.of(rank(0, 2), failure))))
        .isInstanceOf(TrainingException.class)
        .extracting(e -> ((TrainingException) e).isPermanent())
        .isEqualTo(true);
  }

  @Test
  void aReportWithoutARankIsLeftToSpark() {
    assertThat(RankFailure.inReport(new RuntimeException("Executor lost"))).isNull();
    assertThat(RankFailure.inReport(new RuntimeException())).isNull();
  }

  private static RuntimeException ofRow(Throwable thrown) {
    return new RowFailure(thrown).forUser();
  }

  @Test
  void whatTheUsersCodeThrowsAtARowIsNotTriedAgain() {
    assertThat(ofRow(new IllegalStateException("no 7", new RuntimeException("below\nit"))))
        .isInstanceOf(TrainingException.class)
        .hasMessage(
            "A row of the input cannot be computed: java.lang.IllegalStateException: no 7: java.lang.RuntimeException: below")
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
    assertThat(PassingFailure.is(new IOException("reset"))).isTrue();
    assertThat(PassingFailure.is(new IllegalStateException(new IOException("reset")))).isTrue();
    assertThat(PassingFailure.is(new TaskKilledException("killed"))).isTrue();
    assertThat(PassingFailure.is(new OutOfMemoryError())).isTrue();
    assertThat(PassingFailure.is(new SparkException("Block rdd_1_2 was not found"))).isTrue();
    assertThat(PassingFailure.is(new SparkException("[FAILED_EXECUTE_UDF] User"))).isFalse();
    assertThat(PassingFailure.is(new AssertionError("7"))).isFalse();
    Exception first = new RuntimeException("1");
    first.initCause(new RuntimeException("2", first));
    assertThat(new RowFailure(first)).hasMessageContaining("1");
  }

  @Test
  void whatASourceOfDataThrowsMayPass() {
    Exception gone = new IllegalStateException("UNAVAILABLE: no node");
    gone.setStackTrace(
        below("org.apache.spark.sql.execution.datasources.v2.DataSourceRDD$$anon$1"));
    assertThat(PassingFailure.is(gone)).isTrue();
    assertThat(RankFailure.inReport(report(RankFailure.of(rank(0, 2), gone))))
        .extracting(e -> ((TrainingException) e).isPermanent())
        .isEqualTo(false);
    Exception wrapped = new SparkException("[FAILED_READ_FILE.NO_HINT] While reading x.", gone);
    assertThat(PassingFailure.is(wrapped)).isTrue();
    assertThat(PassingFailure.is(new SparkException("Encountered error while reading", gone)))
        .isTrue();
    // The second calls a function of the user's.
    for (String other :
        List.of(
            "org.example.FileScanRDD",
            "org.apache.spark.rdd.HadoopRDD$HadoopMapPartitionsWithSplitRDD")) {
      gone.setStackTrace(below(other));
      assertThat(PassingFailure.is(gone)).as(other).isFalse();
    }
    assertThat(
            PassingFailure.is("a.B: x\n\tat org.apache.spark.rdd.NewHadoopRDD$$anon$1.next(N:1)"))
        .isTrue();
    assertThat(PassingFailure.is("a.B: x\n\tat a.NewHadoopRDD.next(N.java:1)")).isFalse();
  }

  @Test
  void aRecordThatCannotBeReadDoesNotPass() {
    String source = "org.apache.spark.sql.execution.datasources.FileScanRDD$$anon$1";
    Exception number = new NumberFormatException("x");
    number.setStackTrace(below(source));
    Exception record = new SparkException("[MALFORMED_RECORD_IN_PARSING.X] Malformed.", number);
    for (String outer : new String[] {"[FAILED_READ_FILE.NO_HINT] x", "Encountered error"}) {
      SparkException read = new SparkException(outer, record);
      read.setStackTrace(below(source));
      assertThat(PassingFailure.is(read)).as(outer).isFalse();
    }
    // As Jackson throws it.
    assertThat(
            PassingFailure.is(
                new SparkException("[MALFORMED_RECORD_IN_PARSING] x", new IOException("y"))))
        .isFalse();
    assertThat(
            PassingFailure.is(
                "o.S: [FAILED_READ_FILE] x\n\tat "
                    + source
                    + ".next(F.scala:1)\nCaused by: o.S: [CAST_INVALID_INPUT] y"))
        .isFalse();
  }

  @Test
  void whatSparksCoreSaysOfItselfPassesAsACauseToo() {
    SparkException core = new SparkException("Block rdd_1_2 was not found");
    assertThat(PassingFailure.is(new SparkException("Exception thrown in awaitResult: ", core)))
        .isTrue();
    assertThat(PassingFailure.is(new SparkException("[SPARK-24819]: Barrier execution"))).isTrue();
    assertThat(PassingFailure.is(new SparkException("[FAILED_EXECUTE_UDF] User", core))).isFalse();
  }

  private static StackTraceElement[] below(String source) {
    return new StackTraceElement[] {
      new StackTraceElement("a.Client", "read", "Client.java", 1),
      new StackTraceElement(source, "hasNext", "Source.scala", 2)
    };
  }

  @Test
  void aMistakeInALossOrANetworkIsNotTriedAgain() {
    for (RuntimeException mistake :
        List.of(
            new NullPointerException("x"),
            new ClassCastException("x"),
            new ArrayIndexOutOfBoundsException(3),
            new UnsupportedOperationException("x"))) {
      assertThat(RankFailure.inReport(report(RankFailure.of(rank(0, 2), mistake))))
          .as(mistake.toString())
          .extracting(e -> ((TrainingException) e).isPermanent())
          .isEqualTo(true);
    }
    assertThat(
            RankFailure.inReport(
                report(RankFailure.of(rank(0, 2), new IllegalStateException("x")))))
        .extracting(e -> ((TrainingException) e).isPermanent())
        .isEqualTo(false);
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
