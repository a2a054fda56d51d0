package io.sparkfocal.examples.tables;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.StringIndexerModel;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.TimestampType;

/**
 * A table whose columns are the features of a label: numbers, texts, booleans, dates and times.
 *
 * @param rows the features and the class numbers in column {@link #CLASS}, which carries the names
 * @param features names of the feature columns
 * @param classes names of the classes by number
 */
public record LabelledTable(Dataset<Row> rows, List<String> features, List<String> classes) {

  /** Column of the class number. */
  public static final String CLASS = "class_number";

  /**
   * Reads a CSV file (with a header; also compressed) or Parquet.
   *
   * @throws IllegalArgumentException if the label is missing or there is no other column
   */
  public static LabelledTable read(SparkSession spark, String path, String label) {
    Dataset<Row> table =
        path.contains(".csv")
            ? spark.read().option("header", true).option("inferSchema", true).csv(path)
            : spark.read().parquet(path);
    if (!Arrays.asList(table.columns()).contains(label)) {
      throw new IllegalArgumentException(
          "There is no column \"%s\" in %s; it has %s."
              .formatted(label, path, String.join(", ", table.columns())));
    }
    List<String> features =
        Arrays.stream(table.schema().fields())
            .filter(field -> isFeature(field.dataType()))
            .map(StructField::name)
            .filter(name -> !name.equals(label))
            .toList();
    if (features.isEmpty()) {
      throw new IllegalArgumentException(
          path + " has no column beside \"" + label + "\" to learn from.");
    }
    StringIndexerModel indexer =
        new StringIndexer()
            .setInputCol(label)
            .setOutputCol(CLASS)
            .setStringOrderType("alphabetAsc")
            .fit(table);
    Dataset<Row> rows = indexer.transform(table).select(withClass(features));
    return new LabelledTable(rows, features, List.of(indexer.labelsArray()[0]));
  }

  private static boolean isFeature(DataType type) {
    return type instanceof NumericType
        || type instanceof StringType
        || type instanceof BooleanType
        || type instanceof DateType
        || type instanceof TimestampType;
  }

  private static Column[] withClass(List<String> features) {
    return Stream.concat(features.stream(), Stream.of(CLASS))
        .map(LabelledTable::named)
        .toArray(Column[]::new);
  }

  /** The column of exactly that name, dots and all. */
  public static Column named(String column) {
    return functions.col("`" + column.replace("`", "``") + "`");
  }

  /** Rows, features and the size of each class, in a sentence. */
  public String describe() {
    String sizes =
        rows.groupBy(CLASS).count().orderBy(functions.desc("count")).collectAsList().stream()
            .map(row -> classes.get((int) row.getDouble(0)) + " " + row.getLong(1))
            .collect(Collectors.joining(", "));
    return "%s rows, %s features, %s classes (%s)"
        .formatted(rows.count(), features.size(), classes.size(), sizes);
  }
}
