package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkfocal.job.TrainingException;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.TrainingAttempts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What would fail again: one attempt, one sentence. */
@Timeout(180)
class NotTriedAgainIT {

  /** How the rows come to the ranks. */
  enum Way {
    AS_THEY_LIE,
    CUT,
    SHUFFLED,
    SHUFFLED_BY_ANOTHER_JOB;

    /** Rows with a column id. */
    Dataset<Row> rows(SparkSession spark) {
      spark.conf().set("spark.sql.adaptive.enabled", this == SHUFFLED_BY_ANOTHER_JOB);
      return switch (this) {
        case AS_THEY_LIE -> spark.range(0, 400, 1, 3).toDF();
        case CUT -> spark.range(0, 400, 1, 5).toDF();
        case SHUFFLED, SHUFFLED_BY_ANOTHER_JOB ->
            spark.range(0, 400, 1, 5).repartition(7).selectExpr("id");
      };
    }
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setMaxIter(1).setHiddenLayers(8).setFeaturesCols("f");
  }

  @AfterEach
  void sessionSettingsAsBefore() {
    SparkSession spark = TestSpark.local();
    spark.conf().unset("spark.sql.ansi.enabled");
    spark.conf().unset("spark.sql.adaptive.enabled");
  }

  private static Throwable refused(FocalLossClassifier classifier, Dataset<Row> rows, int attempts)
      throws Exception {
    try (TrainingAttempts counted = new TrainingAttempts(rows.sparkSession())) {
      Throwable thrown = catchThrowable(() -> classifier.fit(rows));
      assertThat(counted.count()).isEqualTo(attempts);
      return thrown;
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aValueThatAnExpressionRefuses(Way way) throws Exception {
    SparkSession spark = TestSpark.local();
    spark.conf().set("spark.sql.ansi.enabled", true);
    Dataset<Row> rows = way.rows(spark).selectExpr("int(id % 2) label", "1D / (id - 7) f");
    assertThat(refused(quick(), rows, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .matches("A row of the input cannot be computed: \\[DIVIDE_BY_ZERO\\] Division by zero.*");
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aRowOnWhichTheUsersOwnCodeThrows(Way way) throws Exception {
    SparkSession spark = TestSpark.local();
    UDF1<Long, Double> udf =
        id -> {
          if (id == 7) {
            throw new IllegalStateException("I cannot do 7.");
          }
          return 1.0 * id;
        };
    spark.udf().register("mine", udf, DataTypes.DoubleType);
    Dataset<Row> rows = way.rows(spark).selectExpr("int(id % 2) label", "mine(id) f");
    assertThat(refused(quick(), rows, 0))
        .isInstanceOf(TrainingException.class)
        .message()
        .matches(
            "A row of the input cannot be computed: \\[FAILED_EXECUTE_UDF\\S* [^\\n]*I cannot do 7\\.[^\\n]*");
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aFunctionOverRowsThatThrows(Way way) throws Exception {
    Dataset<Row> ids = way.rows(TestSpark.local());
    MapFunction<Row, Row> function =
        row -> {
          if (row.getLong(0) == 7) {
            throw new IllegalStateException("I cannot do 7.");
          }
          return RowFactory.create((int) (row.getLong(0) % 2), 1.0 * row.getLong(0));
        };
    StructType schema =
        new StructType().add("label", DataTypes.IntegerType).add("f", DataTypes.DoubleType);
    assertThat(refused(quick(), ids.map(function, Encoders.row(schema)), 0))
        .isInstanceOf(TrainingException.class)
        .message()
        .matches(
            "A row of the input cannot be computed: java.lang.IllegalStateException: I cannot do 7\\.");
  }

  /** Rows that a service could not give the first time. */
  private static final AtomicBoolean FAILED = new AtomicBoolean();

  @ParameterizedTest
  @EnumSource(Way.class)
  void whatMayPassIsTriedAgain(Way way) throws Exception {
    SparkSession spark = TestSpark.local();
    FAILED.set(false);
    UDF1<Long, Double> udf =
        id -> {
          if (id == 7 && FAILED.compareAndSet(false, true)) {
            throw new UncheckedIOException(new IOException("Connection reset"));
          }
          return 1.0 * id;
        };
    spark.udf().register("remote", udf, DataTypes.DoubleType);
    Dataset<Row> rows = way.rows(spark).selectExpr("int(id % 2) label", "remote(id) f");
    try (TrainingAttempts counted = new TrainingAttempts(spark)) {
      TrainingSummary summary = quick().fit(rows).summary();
      assertThat(FAILED).isTrue();
      assertThat(summary.restarts()).isZero();
      assertThat(counted.count()).isEqualTo(1);
    }
  }

  @Test
  void aLabelThatCannotBeComputed() throws Exception {
    SparkSession spark = TestSpark.local();
    spark.conf().set("spark.sql.ansi.enabled", true);
    Dataset<Row> rows = spark.range(400).selectExpr("if(id = 7, 1D / (id - 7), 1D) label", "1D f");
    assertThat(refused(quick(), rows, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .matches("A row of the input cannot be computed: \\[DIVIDE_BY_ZERO\\] [^\\n]*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"csv", "json"})
  void aRecordOfAFileThatCannotBeRead(String format, @TempDir Path folder) throws Exception {
    String good = format.equals("csv") ? "1,2.5" : "{\"label\": 1, \"f\": 2.5}";
    String bad = format.equals("csv") ? "one,2.5" : "{\"label\": 1, \"f\": 2.";
    Path file = folder.resolve("rows." + format);
    Files.writeString(file, good + "\n" + bad + "\n");
    Dataset<Row> rows =
        TestSpark.local()
            .read()
            .format(format)
            .schema("label INT, f DOUBLE")
            .option("mode", "FAILFAST")
            .load(file.toString());
    assertThat(refused(quick(), rows, 0))
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith("A row of the input cannot be computed: ");
  }

  @Test
  void aNetworkThatIsTooLargeForTheDriver() throws Exception {
    Dataset<Row> rows = Samples.rows(TestSpark.local(), 100);
    FocalLossClassifier large =
        new FocalLossClassifier().setMaxIter(1).setHiddenLayers(1_000_000, 1_000_000);
    assertThat(refused(large, rows, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "The network has 1000009000003 parameters of 4 bytes each, but the heap of the driver, of which seven tenths are for the model, has \\d+ bytes; raise spark\\.driver\\.memory or use a smaller network\\.");
  }
}
