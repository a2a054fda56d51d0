package io.sparkfocal.benchmarks;

import io.sparkfocal.blocks.InputBlocks;
import io.sparkfocal.data.TrainingColumns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.ml.feature.LabeledPoint;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Rows per second from a DataFrame to blocks of floats in Spark's block store, beside the usual way
 * over rows and vector objects; and how much memory the floats take.
 */
public final class IngestSpeed {

  private static final int ROWS = 1_000_000;
  private static final int PAIRS = 5;

  private IngestSpeed() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .appName("Spark Focal ingest")
            .config("spark.ui.enabled", false)
            .getOrCreate()) {
      Dataset<Row> vectors = vectors(spark).persist();
      vectors.count();
      System.out.println(
          "| from | ours, rows/s | rdd(), Vector, arrays | ratio | spread | rdd(), LabeledPoints, arrays | ratio | spread | toRdd() alone, rows/s |\n|-|-|-|-|-|-|-|-|-|");
      Pairs cached = compare("cached vectors", vectors);
      compare("cached sparse vectors", sparse(vectors));
      vectors.unpersist(true);
      compare("Parquet of vectors", vectors(spark));
      memory(spark);
      cached.print("ingest");
    }
  }

  private static Dataset<Row> vectors(SparkSession spark) {
    Path folder = Path.of("benchmarks/target/vectors-" + ROWS + ".parquet");
    if (!Files.exists(folder.resolve("_SUCCESS"))) {
      MadeUpTable.withVector(MadeUpTable.of(spark, ROWS, 11))
          .write()
          .mode("overwrite")
          .parquet(folder.toString());
    }
    return spark.read().parquet(folder.toString());
  }

  /** Every second value is 0. */
  private static Dataset<Row> sparse(Dataset<Row> vectors) {
    Dataset<Row> table =
        vectors.select(
            functions
                .udf(
                    (Vector v) -> {
                      double[] values = v.toArray().clone();
                      for (int i = 0; i < values.length; i += 2) {
                        values[i] = 0;
                      }
                      return org.apache.spark.ml.linalg.Vectors.dense(values).toSparse();
                    },
                    new org.apache.spark.ml.linalg.VectorUDT())
                .apply(functions.col("features"))
                .as("features"),
            functions.col(MadeUpTable.LABEL));
    table.persist().count();
    return table;
  }

  private static Pairs compare(String name, Dataset<Row> vectors) {
    Pairs arrays = new Pairs();
    Pairs objects = new Pairs();
    List<Double> bare = new ArrayList<>();
    for (int pair = -2; pair < PAIRS; pair++) {
      double our = ROWS / seconds(() -> ours(vectors).close());
      double their = ROWS / seconds(() -> theirs(vectors));
      double points = ROWS / seconds(() -> labeledPoints(vectors));
      double alone = ROWS / seconds(() -> vectors.queryExecution().toRdd().count());
      if (pair >= 0) {
        arrays.rates(our, their);
        objects.rates(our, points);
        bare.add(alone);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %,.0f | %,.0f | %.2f | %s | %,.0f | %.2f | %s | %,.0f |%n",
        name,
        arrays.ours(),
        arrays.theirs(),
        arrays.ratio(),
        arrays.spread(),
        objects.theirs(),
        objects.ratio(),
        objects.spread(),
        Pairs.median(bare));
    return objects;
  }

  private static double seconds(Runnable work) {
    System.gc();
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private static InputBlocks ours(Dataset<Row> vectors) {
    TrainingColumns columns =
        TrainingColumns.of(vectors.schema(), "features", List.of(), MadeUpTable.LABEL, null, null);
    return InputBlocks.read(vectors.sparkSession().sparkContext(), columns, vectors, 1);
  }

  /** Floats, labels and weights in growing arrays. */
  private static void theirs(Dataset<Row> vectors) {
    vectors
        .toJavaRDD()
        .mapPartitions(
            (FlatMapFunction<Iterator<Row>, Long>)
                rows -> {
                  float[] features = new float[1 << 16];
                  float[] labels = new float[1 << 12];
                  int count = 0;
                  while (rows.hasNext()) {
                    Row row = rows.next();
                    double[] values = row.<Vector>getAs(0).toArray();
                    if ((count + 1) * values.length > features.length) {
                      features = Arrays.copyOf(features, 2 * features.length);
                    }
                    if (count == labels.length) {
                      labels = Arrays.copyOf(labels, 2 * labels.length);
                    }
                    for (int i = 0; i < values.length; i++) {
                      features[count * values.length + i] = (float) values[i];
                    }
                    labels[count] = ((Number) row.get(1)).floatValue();
                    count++;
                  }
                  return List.of((long) count).iterator();
                })
        .collect();
  }

  /** An object per row, as MLlib's RDD API and libraries built on it have them, then floats. */
  private static void labeledPoints(Dataset<Row> vectors) {
    vectors
        .toJavaRDD()
        .map(row -> new LabeledPoint(((Number) row.get(1)).doubleValue(), row.<Vector>getAs(0)))
        .mapPartitions(
            (FlatMapFunction<Iterator<LabeledPoint>, Long>)
                points -> {
                  List<LabeledPoint> all = new ArrayList<>();
                  points.forEachRemaining(all::add);
                  float[] features = new float[all.size() * MadeUpTable.FEATURES];
                  float[] labels = new float[all.size()];
                  for (int i = 0; i < labels.length; i++) {
                    double[] values = all.get(i).features().toArray();
                    for (int f = 0; f < values.length; f++) {
                      features[i * values.length + f] = (float) values[f];
                    }
                    labels[i] = (float) all.get(i).label();
                  }
                  return List.of((long) labels.length).iterator();
                })
        .collect();
  }

  /** Heap that the rows take, over the bytes of their floats. */
  private static void memory(SparkSession spark) {
    Dataset<Row> vectors = vectors(spark).coalesce(1);
    long before = usedHeap();
    InputBlocks blocks = ours(vectors);
    long after = usedHeap();
    blocks.close();
    double floats = (double) ROWS * (MadeUpTable.FEATURES + 2) * Float.BYTES;
    System.out.printf(
        Locale.ROOT,
        "memory per byte of features, labels and weights: %.3f%n",
        (after - before) / floats);
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
