package io.sparkfocal.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * The columns that training reads, checked against a schema.
 *
 * @param features where the features are
 * @param label numeric column
 * @param weight numeric column; null for weight 1
 * @param validation boolean column, true for rows that are validated on; null for none
 * @param numbers how numeric columns lie in a row: label, weight if there is one, features where
 *     they are columns
 * @param classNames names that the label's metadata declares; may be empty
 */
public record TrainingColumns(
    FeatureLayout features,
    String label,
    @Nullable String weight,
    @Nullable String validation,
    List<NumberKind> numbers,
    List<String> classNames)
    implements Serializable {

  /**
   * Checks the columns.
   *
   * @throws IllegalArgumentException if one is missing or has the wrong type
   */
  public static TrainingColumns of(
      StructType schema,
      String featuresCol,
      List<String> featuresCols,
      String label,
      @Nullable String weight,
      @Nullable String validation) {
    FeatureLayout features = FeatureLayout.of(schema, featuresCol, featuresCols);
    List<String> classNames = Columns.classNames(Columns.requireNumeric(schema, label, "labelCol"));
    if (weight != null) {
      Columns.requireNumeric(schema, weight, "weightCol");
    }
    if (validation != null) {
      Columns.requireBoolean(schema, validation, "validationIndicatorCol");
    }
    List<String> numeric = new ArrayList<>(List.of(label));
    if (weight != null) {
      numeric.add(weight);
    }
    if (features.kind() == FeatureLayout.Kind.COLUMNS) {
      numeric.addAll(features.columns());
    }
    List<NumberKind> numbers =
        numeric.stream()
            .map(name -> NumberKind.of(Columns.requireNumeric(schema, name, name).dataType()))
            .toList();
    return new TrainingColumns(features, label, weight, validation, numbers, classNames);
  }

  /** Label (double), weight (double) and validation (boolean): what {@link LabelCounts} reads. */
  public Dataset<Row> labels(Dataset<?> dataset) {
    return dataset.toDF().select(labelExpressions().toArray(Column[]::new));
  }

  /**
   * Label, weight if there is one, validation if there is one, features: what {@link RowReader}
   * reads. Columns are taken as they lie there wherever possible.
   */
  public Dataset<Row> rows(Dataset<?> dataset) {
    List<Column> columns = new ArrayList<>();
    columns.add(numbers.get(0).expression(Columns.named(label)));
    if (weight != null) {
      columns.add(numbers.get(1).expression(Columns.named(weight)));
    }
    if (validation != null) {
      columns.add(Columns.named(validation));
    }
    if (features.kind() == FeatureLayout.Kind.COLUMNS) {
      int first = weight == null ? 1 : 2;
      for (int i = 0; i < features.columns().size(); i++) {
        Column column = Columns.named(features.columns().get(i));
        columns.add(numbers.get(first + i).expression(column));
      }
    } else {
      columns.addAll(List.of(features.expressions()));
    }
    return dataset.toDF().select(columns.toArray(Column[]::new));
  }

  private List<Column> labelExpressions() {
    List<Column> columns = new ArrayList<>();
    columns.add(Columns.named(label).cast(DataTypes.DoubleType));
    columns.add(
        weight == null ? functions.lit(1.0) : Columns.named(weight).cast(DataTypes.DoubleType));
    columns.add(
        validation == null
            ? functions.lit(false)
            : functions.coalesce(Columns.named(validation), functions.lit(false)));
    return columns;
  }
}
