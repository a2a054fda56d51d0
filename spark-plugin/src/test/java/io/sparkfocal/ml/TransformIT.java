package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code transform} leaves alone, and what it reads; by the row and by the batch. */
@Timeout(180)
class TransformIT {

  @TempDir static Path folder;

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** The default network as somebody's own, which is scored in batches. */
  public static final class OwnMlp implements NetworkProvider {

    /** Made by name. */
    public OwnMlp() {}

    @Override
    public ai.djl.nn.Block create(
        int features, int outputs, Map<String, String> arguments, Layers layers) {
      return new MlpNetwork()
          .create(features, outputs, MlpNetwork.arguments(new int[] {8}, 0, true), layers);
    }
  }

  private static FocalLossClassificationModel model(boolean own) {
    SparkSession spark = TestSpark.local();
    Dataset<Row> rows =
        spark
            .range(0, 400, 1, 3)
            .selectExpr("int(id % 2) label", "array(id % 2 + rand(1), rand(2), rand(3)) features");
    return either(own).setBatchNorm(!own).setMaxIter(3).fit(rows);
  }

  private static FocalLossClassifier either(boolean own) {
    FocalLossClassifier classifier = new FocalLossClassifier();
    return own ? classifier.setNetwork(OwnMlp.class, Map.of()) : classifier.setHiddenLayers(8);
  }

  private static Dataset<Row> everyType(SparkSession spark) {
    return spark
        .range(0, 50, 1, 2)
        .select(
            col("id"),
            array(expr("double(id % 2)"), expr("0.5d"), expr("id / 50")).as("features"),
            expr("DATE'1582-10-10'").as("gap"),
            expr("DATE'0001-01-01'").as("ancient"),
            expr("TIMESTAMP'1900-01-01 00:00:00.123456'").as("old"),
            expr("TIMESTAMP_NTZ'2021-03-28 02:30:00'").as("ntz"),
            expr("cast(id as decimal(38,18)) / 3").as("dec"),
            expr("unhex('00FF')").as("bin"),
            expr("map(string(id), array(id))").as("map"),
            expr("array(named_struct('a', id, 'b', null))").as("structs"),
            expr("INTERVAL '1-2' YEAR TO MONTH").as("months"),
            expr("INTERVAL '3 04:05:06' DAY TO SECOND").as("time"),
            expr("if(id % 3 = 0, null, id)").as("nulls"),
            expr("id").as("a.b"),
            expr("id + 1").as("twice"),
            expr("id + 2").as("twice"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void allOtherColumnsComeOutAsTheyWere(boolean own) {
    SparkSession spark = TestSpark.local();
    FocalLossClassificationModel model = model(own);
    Dataset<Row> given = everyType(spark);
    Dataset<Row> scored = model.transform(given);
    assertThat(scored.schema()).isEqualTo(model.transformSchema(given.schema()));
    int columns = given.columns().length;
    List<String> expected = asText(given.toDF(numbered(columns)));
    List<String> actual =
        asText(
            scored
                .toDF(numbered(columns + 3))
                .select(Arrays.stream(numbered(columns)).map(c -> col(c)).toArray(Column[]::new)));
    assertThat(actual).isEqualTo(expected);
  }

  private static String[] numbered(int count) {
    return IntStream.range(0, count).mapToObj(i -> "c" + i).toArray(String[]::new);
  }

  /** By Spark's own text, since Java's classes know no days in 1582's gap. */
  private static List<String> asText(Dataset<Row> rows) {
    return rows.select(expr("to_json(struct(*))"), expr("hex(c7)")).collectAsList().stream()
        .map(Row::toString)
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyWhatIsAskedForIsRead(boolean own) {
    SparkSession spark = TestSpark.local();
    Column[] wide = new Column[502];
    wide[0] = col("id");
    wide[1] = array(expr("double(id % 2)"), expr("0.5d"), expr("id / 50")).as("features");
    for (int i = 2; i < wide.length; i++) {
      wide[i] = expr("id + " + i).as("x" + i);
    }
    String path = folder.resolve("wide-" + own).toString();
    spark.range(0, 50, 1, 2).select(wide).write().parquet(path);
    Dataset<Row> scored =
        model(own).transform(spark.read().parquet(path)).select("id", "prediction");
    assertThat(scored.count()).isEqualTo(50);
    List<Row> rows = scored.collectAsList();
    assertThat(rows).hasSize(50);
    if (!own) {
      assertThat(scored.queryExecution().executedPlan().toString())
          .matches("(?s).*ReadSchema: struct<id:bigint,features:array<double>>.*");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void featuresAreComputedOnceForAllColumns(boolean own) {
    SparkSession spark = TestSpark.local();
    LongAccumulator calls = spark.sparkContext().longAccumulator();
    UserDefinedFunction counted =
        udf(
                (Long id) -> {
                  calls.add(1);
                  return id % 2 + 0.0;
                },
                DataTypes.DoubleType)
            .asNondeterministic();
    Dataset<Row> rows =
        spark
            .range(0, 100, 1, 2)
            .withColumn("f", counted.apply(col("id")))
            .selectExpr("id", "array(f, 0.5d, 0.25d) features");
    assertThat(model(own).transform(rows).collectAsList()).hasSize(100);
    assertThat(calls.value()).isEqualTo(100);
  }

  @Test
  void byTheRowAndByTheBatchScoresAreTheSame() {
    SparkSession spark = TestSpark.local();
    Dataset<Row> rows =
        spark
            .range(0, 3000, 1, 3)
            .selectExpr("id", "array(id % 7 / 3, rand(1) * 4 - 2, rand(2)) features")
            .cache();
    FocalLossClassificationModel byRow = model(false);
    FocalLossClassificationModel byBatch = model(true);
    byBatch
        .network()
        .weights()
        .forEach(
            (name, tensor) ->
                assertThat(byRow.network().weights().get(name).values())
                    .isEqualTo(tensor.values()));
    List<Row> one = byRow.transform(rows).select("id", "probability").orderBy("id").collectAsList();
    List<Row> other =
        byBatch.transform(rows).select("id", "probability").orderBy("id").collectAsList();
    for (int i = 0; i < one.size(); i++) {
      double[] a = one.get(i).<Vector>getAs(1).toArray();
      double[] b = other.get(i).<Vector>getAs(1).toArray();
      assertThat(a[1]).isCloseTo(b[1], org.assertj.core.data.Offset.offset(1e-6));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void largeNumbersKeepTheirDifferences(boolean own) {
    SparkSession spark = TestSpark.local();
    for (String feature :
        List.of("1.7e12D + 1000 * label", "double(20180131 + label)", "1e9D + label")) {
      Dataset<Row> rows =
          spark
              .range(0, 400, 1, 2)
              .selectExpr("int(id % 2) label")
              .selectExpr("label", feature + " f");
      FocalLossClassificationModel model =
          either(own).setFeaturesCols("f").setMaxIter(30).fit(rows);
      assertThat(model.transform(rows).filter("prediction = label").count()).isEqualTo(400);
    }
  }

  /** Small enough that a batch ends by its bytes. */
  @Test
  void aBatchEndsWhenItsRowsTakeSixteenMebibytes() {
    SparkSession spark = TestSpark.local();
    Dataset<Row> large =
        spark
            .range(0, 60, 1, 1)
            .selectExpr(
                "id", "array(double(id % 2), 0.5d, 0.25d) features", "repeat('x', 3000000) doc");
    List<Row> scored =
        model(true).transform(large).select("id", "prediction", "doc").limit(7).collectAsList();
    assertThat(scored).hasSize(7).allMatch(row -> row.getString(2).length() == 3_000_000);
  }

  @Test
  void tasksOfAProcessShareANetworkAndSoDoCopiesOfAModel() {
    FocalLossClassificationModel model = model(true);
    Dataset<Row> rows =
        TestSpark.local()
            .range(0, 300, 1, 6)
            .selectExpr("array(double(id % 2), 0.5d, 0.25d) features");
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Scorer.NETWORKS.size() == 0);
    for (String name : List.of("a", "b", "c")) {
      FocalLossClassificationModel copy = model.copy(ParamMap.empty()).setPredictionCol(name);
      assertThat(copy.transform(rows).select(name).collectAsList()).hasSize(300);
      assertThat(Scorer.NETWORKS.size()).isEqualTo(1);
    }
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Scorer.NETWORKS.size() == 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void wideVectorsHaveTheSameScoresDenseOrSparse(boolean own) {
    SparkSession spark = TestSpark.local();
    UserDefinedFunction vector =
        udf(
            (Long id) -> {
              double[] values = new double[2000];
              values[(int) (id % 1000)] = 1;
              values[1999] = 5 + id % 3;
              return (Vector) Vectors.dense(values).toSparse();
            },
            new VectorUDT());
    UserDefinedFunction dense = udf((Vector v) -> (Vector) v.toDense(), new VectorUDT());
    Dataset<Row> rows =
        spark
            .range(0, 200, 1, 2)
            .selectExpr("id", "int(id % 2) label")
            .withColumn("features", vector.apply(col("id")));
    FocalLossClassificationModel model = either(own).setMaxIter(1).fit(rows);
    Dataset<Row> asDense = rows.withColumn("features", dense.apply(col("features")));
    assertThat(model.transform(rows).select("id", "probability").orderBy("id").collectAsList())
        .isEqualTo(
            model.transform(asDense).select("id", "probability").orderBy("id").collectAsList());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rowsThatCannotBeScoredAreToldWithASentence(boolean own) {
    SparkSession spark = TestSpark.local();
    FocalLossClassificationModel model = model(own);
    for (String[] bad :
        new String[][] {
          {"array(1d, 2d)", "has a row with 2 features where 3 are expected"},
          {"array(1d, 2d, double('NaN'))", "the feature NaN"},
          {"array(1d, null, 2d)", "has a null feature"}
        }) {
      Dataset<Row> rows =
          spark
              .range(0, 10, 1, 2)
              .selectExpr("if(id = 7, " + bad[0] + ", array(1d, 2d, 3d)) features");
      assertThatThrownBy(() -> model.transform(rows).collectAsList())
          .hasStackTraceContaining(bad[1]);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void executorsThatTakeRegisteredClassesOnlyScoreToo(boolean own) {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
    settings.put("spark.kryo.registrationRequired", "true");
    SparkSession spark = TestSpark.with(settings);
    Dataset<Row> rows =
        spark
            .range(0, 400, 1, 3)
            .selectExpr("int(id % 2) label", "array(id % 2 + rand(1), rand(2), rand(3)) features");
    FocalLossClassificationModel model = either(own).setMaxIter(1).fit(rows);
    assertThat(model.transform(rows).select("prediction").collectAsList()).hasSize(400);
  }

  @Test
  void aStreamIsScored() throws Exception {
    SparkSession spark = TestSpark.local();
    String path = folder.resolve("stream").toString();
    spark
        .range(0, 40, 1, 2)
        .selectExpr("id", "array(double(id % 2), 0.5d, 0.25d) features")
        .write()
        .parquet(path);
    StructType schema = spark.read().parquet(path).schema();
    var query =
        model(false)
            .transform(spark.readStream().schema(schema).parquet(path))
            .select("id", "prediction")
            .writeStream()
            .format("memory")
            .queryName("scored")
            .start();
    query.processAllAvailable();
    query.stop();
    assertThat(spark.table("scored").count()).isEqualTo(40);
  }
}
