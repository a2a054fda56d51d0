package io.sparkfocal.blocks;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.rand;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.data.BadRowException;
import io.sparkfocal.data.BlockSlice;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class InputBlocksIT {

  private static final int ROWS = 3000;

  @TempDir static Path folder;

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** What lies between the counted column and {@code fit}. */
  enum Plan {
    RANGE,
    PARQUET,
    CSV_PERMISSIVE,
    CSV_DROPMALFORMED,
    CSV_FAILFAST,
    CACHED,
    JOIN,
    AGGREGATION,
    REPARTITION,
    SAMPLE,
    RAND_INDICATOR,
    LIMIT;

    Dataset<Row> of(SparkSession spark, UserDefinedFunction counted) {
      Dataset<Row> ids = spark.range(0, ROWS, 1, 4).toDF("id");
      return switch (this) {
        case RANGE -> with(ids, counted);
        case PARQUET -> {
          String path = folder.resolve("parquet").toString();
          ids.write().mode("overwrite").parquet(path);
          yield with(spark.read().parquet(path), counted);
        }
        case CSV_PERMISSIVE, CSV_DROPMALFORMED, CSV_FAILFAST -> {
          String path = folder.resolve("csv").toString();
          ids.write().mode("overwrite").csv(path);
          yield with(
              spark
                  .read()
                  .option("mode", name().substring("CSV_".length()))
                  .schema("id BIGINT")
                  .csv(path),
              counted);
        }
        case CACHED -> with(ids, counted).cache();
        case JOIN ->
            with(ids, counted)
                .join(spark.range(0, ROWS, 1, 7).toDF("other"), expr("id = other"))
                .drop("other");
        case AGGREGATION ->
            with(ids, counted)
                .groupBy("id")
                .agg(expr("max(f) f"), expr("max(label) label"), expr("max(v) v"));
        case REPARTITION -> with(ids, counted).repartition(5);
        case SAMPLE -> with(ids, counted).sample(0.999, 1);
        case RAND_INDICATOR -> with(ids, counted).withColumn("v", rand(7).lt(0.3));
        case LIMIT -> with(ids, counted).limit(ROWS);
      };
    }

    private static Dataset<Row> with(Dataset<Row> ids, UserDefinedFunction counted) {
      return ids.withColumn("f", counted.apply(col("id")))
          .withColumn("label", expr("int(id % 2)"))
          .withColumn("v", expr("id % 5 = 0"));
    }
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(4)
        .setMaxIter(2)
        .setFeaturesCols("f")
        .setValidationIndicatorCol("v");
  }

  @ParameterizedTest
  @EnumSource(Plan.class)
  void thePlanIsEvaluatedOnce(Plan plan) {
    SparkSession spark = TestSpark.local();
    LongAccumulator calls = spark.sparkContext().longAccumulator();
    UserDefinedFunction counted =
        udf(
                (Long id) -> {
                  calls.add(1);
                  return id % 2 + 0.25 * (id % 7);
                },
                DataTypes.DoubleType)
            .asNondeterministic();
    Dataset<Row> rows = plan.of(spark, counted);
    FocalLossClassificationModel model =
        quick().setCalibration("temperature").setLossSearch("focal", "crossEntropy").fit(rows);
    assertThat(calls.value()).isEqualTo(ROWS);
    assertThat(model.summary().validationRows()).isBetween(500L, 1100L);
    rows.unpersist();
  }

  @Test
  void whatAqeCutsChangesNoBit() {
    SparkSession spark = TestSpark.local();
    float[] expected = null;
    for (String partitions : List.of("3", "11", "200")) {
      for (boolean adaptive : new boolean[] {false, true}) {
        spark.conf().set("spark.sql.shuffle.partitions", partitions);
        spark.conf().set("spark.sql.adaptive.enabled", adaptive);
        Dataset<Row> rows =
            spark
                .range(0, ROWS, 1, 4)
                // Many rows are the same.
                .selectExpr("id % 50 f", "int(id % 2) label", "id % 5 = 0 v", "id % 1000 k")
                .join(spark.range(1000).toDF("k"), "k")
                .select("f", "label", "v");
        FocalLossClassificationModel model = quick().fit(rows);
        assertThat(model.summary().validationRows()).isEqualTo(ROWS / 5);
        float[] weights = weights(model);
        expected = expected == null ? weights : expected;
        assertThat(weights).as(partitions).isEqualTo(expected);
      }
    }
    spark.conf().unset("spark.sql.shuffle.partitions");
    spark.conf().unset("spark.sql.adaptive.enabled");
  }

  private static float[] weights(FocalLossClassificationModel model) {
    List<Row> rows =
        model
            .transform(SparkSession.active().range(40).selectExpr("double(id) / 7 f"))
            .select("probability")
            .collectAsList();
    float[] values = new float[rows.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) rows.get(i).<org.apache.spark.ml.linalg.Vector>getAs(0).apply(1);
    }
    return values;
  }

  private static InputBlocks read(Dataset<Row> rows, int ranks) {
    TrainingColumns columns =
        TrainingColumns.of(rows.schema(), "", List.of("f"), "label", null, "v");
    return InputBlocks.read(rows.sparkSession().sparkContext(), columns, rows, ranks);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void sharesHaveEveryRowOnceAndAsManyRowsAsOthers(int ranks) {
    SparkSession spark = TestSpark.local();
    Dataset<Row> rows = Plan.RANGE.of(spark, udf((Long id) -> 1.0 * id, DataTypes.DoubleType));
    try (InputBlocks blocks = read(rows, ranks)) {
      List<RankShare> shares = blocks.shares(ranks, true);
      for (boolean validation : new boolean[] {false, true}) {
        int all = validation ? ROWS / 5 : ROWS - ROWS / 5;
        long[] counts = new long[ranks];
        Map<Integer, Integer> seen = new TreeMap<>();
        for (int rank = 0; rank < ranks; rank++) {
          RankShare share = shares.get(rank);
          for (BlockSlice slice : validation ? share.validation() : share.training()) {
            counts[rank] += slice.rows();
            assertThat(slice.from()).isEqualTo(seen.getOrDefault(slice.block(), 0));
            seen.put(slice.block(), slice.to());
          }
        }
        assertThat(Arrays.stream(counts).sum()).isEqualTo(all);
        assertThat(
                Arrays.stream(counts).max().orElseThrow()
                    - Arrays.stream(counts).min().orElseThrow())
            .isLessThanOrEqualTo(1);
      }
    }
  }

  @Test
  void manyIdenticalRowsAreAsGoodAsOthers() {
    SparkSession spark = TestSpark.local();
    Dataset<Row> rows =
        spark
            .range(0, 30_000, 1, 4)
            .selectExpr("id % 3 f", "int(id % 3 > 0) label", "false v")
            .repartition(8);
    try (InputBlocks blocks = read(rows, 4)) {
      for (RankShare share : blocks.shares(4, false)) {
        assertThat(share.training().stream().mapToInt(BlockSlice::rows).sum()).isEqualTo(7500);
      }
    }
  }

  @Test
  void countsOfManyClassesInManyPartitionsDoNotGoThroughTheDriver() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("spark.master", "local[3]");
    settings.put("spark.driver.maxResultSize", "32m");
    SparkSession spark = TestSpark.with(settings);
    Dataset<Row> rows =
        spark.range(0, 2_000_000, 1, 200).selectExpr("id % 99999 label", "double(id) f", "false v");
    try (InputBlocks blocks = read(rows, 4)) {
      long[] counts = blocks.counts().classRows();
      assertThat(counts).hasSize(99_999);
      assertThat(counts[0]).isEqualTo(21);
      assertThat(counts[99_998]).isEqualTo(20);
      assertThat(Arrays.stream(counts).sum()).isEqualTo(2_000_000);
    }
  }

  /** Hadoop throws this where a name is not found for a while. */
  @Test
  void anExceptionOfTheSourceIsNoBadRow() {
    SparkSession spark = TestSpark.local();
    UserDefinedFunction failing =
        udf(
                (UDF1<Long, Double>)
                    id -> {
                      throw new IllegalArgumentException("java.net.UnknownHostException: nn1");
                    },
                DataTypes.DoubleType)
            .asNondeterministic();
    Dataset<Row> rows =
        spark
            .range(10)
            .withColumn("f", failing.apply(col("id")))
            .withColumn("label", expr("int(id % 2)"));
    assertThatThrownBy(() -> read(rows.withColumn("v", expr("false")), 1))
        .isNotInstanceOf(BadRowException.class)
        .hasRootCauseMessage("java.net.UnknownHostException: nn1");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1 << 30})
  void aWidthThatMetadataDeclaresIsLookedAtBeforeARowIsRead(int width) {
    Dataset<Row> rows =
        TestSpark.local()
            .range(10)
            .select(
                org.apache
                    .spark
                    .ml
                    .functions
                    .array_to_vector(expr("array(double(id))"))
                    .as("f", new AttributeGroup("f", width).toMetadata()),
                expr("int(id % 2)").as("label"));
    TrainingColumns columns =
        TrainingColumns.of(rows.schema(), "f", List.of(), "label", null, null);
    assertThatThrownBy(() -> InputBlocks.read(rows.sparkSession().sparkContext(), columns, rows, 1))
        .isInstanceOf(BadRowException.class)
        .hasMessageContaining(width == 0 ? "has an empty row" : "is larger than 1 GiB");
  }
}
