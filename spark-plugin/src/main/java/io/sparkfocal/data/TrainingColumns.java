package io.sparkfocal.data;

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
 * @param classNames names that the label's metadata declares; may be empty
 */
public record TrainingColumns(
    FeatureLayout features,
    String label,
    @Nullable String weight,
    @Nullable String validation,
    List<String> classNames) {

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
    return new TrainingColumns(features, label, weight, validation, classNames);
  }

  /** Label (double), weight (double) and validation (boolean): what {@link LabelCounts} reads. */
  public Dataset<Row> labels(Dataset<?> dataset) {
    return dataset.toDF().select(labelExpressions().toArray(Column[]::new));
  }

  /** The columns of {@link #labels}, then the features: what {@link RowReader} reads. */
  public Dataset<Row> rows(Dataset<?> dataset) {
    List<Column> columns = labelExpressions();
    columns.addAll(List.of(features.expressions()));
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
