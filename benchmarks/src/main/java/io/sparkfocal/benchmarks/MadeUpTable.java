package io.sparkfocal.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.functions$;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * A seeded table of 32 float columns f0 to f31 and an int column label, a tenth of whose rows are
 * of class 1: eight of the columns say something, in curves, the others are noise.
 */
final class MadeUpTable {

  static final int FEATURES = 32;
  static final String LABEL = "label";
  private static final int PARTITIONS = 8;

  private MadeUpTable() {}

  static List<String> names() {
    return IntStream.range(0, FEATURES).mapToObj(i -> "f" + i).toList();
  }

  static Dataset<Row> of(SparkSession spark, long rows, long seed) {
    Dataset<Row> table =
        spark
            .range(0, rows, 1, PARTITIONS)
            .withColumn(LABEL, functions.rand(seed).lt(0.1).cast("int"));
    List<Column> columns = new ArrayList<>();
    columns.add(functions.col(LABEL));
    for (int i = 0; i < FEATURES; i++) {
      Column noise = functions.randn(seed + 1 + i);
      Column signal = i < 8 ? functions.col(LABEL).multiply(0.3 + 0.1 * i) : functions.lit(0);
      Column curved = i % 2 == 0 ? noise.plus(signal) : noise.multiply(signal.plus(1));
      columns.add(curved.cast("float").as("f" + i));
    }
    return table.select(columns.toArray(Column[]::new));
  }

  /** The table as Parquet files, written if they are not there. */
  static Path parquet(SparkSession spark, long rows) {
    Path folder = Path.of("benchmarks/target/made-up-" + rows + ".parquet");
    if (!Files.exists(folder.resolve("_SUCCESS"))) {
      of(spark, rows, 11).write().mode("overwrite").parquet(folder.toString());
    }
    return folder;
  }

  /** The feature columns as one column of Spark ML vectors. */
  static Dataset<Row> withVector(Dataset<Row> table) {
    Column array =
        functions
            .array(names().stream().map(functions::col).toArray(Column[]::new))
            .cast("array<double>");
    return table.select(
        functions$.MODULE$.array_to_vector(array).as("features"), functions.col(LABEL));
  }
}
