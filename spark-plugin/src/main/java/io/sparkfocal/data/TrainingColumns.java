package io.sparkfocal.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * The columns that training reads, checked against a schema.
 *
 * @param features where the features are
 * @param label numeric column, or array or vector of several labels
 * @param labelForm which of these it is
 * @param weight numeric column; null for weight 1
 * @param validation boolean column, true for rows that are validated on; null for none
 * @param numbers how label, and weight if there is one, lie in a row; of several labels as doubles
 * @param invalid what is done with rows that have a missing feature
 * @param validationFraction of the rows that are validated on where no column marks them, chosen by
 *     a hash of their features
 * @param fewestToHold if there are fewer rows, none of them are
 * @param declaredClasses how many classes the label's metadata tells; 0 if it tells nothing
 * @param classNames names that the label's metadata declares; may be empty
 */
public record TrainingColumns(
    FeatureLayout features,
    String label,
    LabelForm labelForm,
    @Nullable String weight,
    @Nullable String validation,
    List<NumberKind> numbers,
    InvalidRows invalid,
    double validationFraction,
    long fewestToHold,
    int declaredClasses,
    List<String> classNames)
    implements Serializable {

  /** As below, where every row needs all features, and no rows are chosen to validate on. */
  public static TrainingColumns of(
      StructType schema,
      String featuresCol,
      List<String> featuresCols,
      String label,
      @Nullable String weight,
      @Nullable String validation) {
    return of(
        schema,
        featuresCol,
        featuresCols,
        new int[0],
        label,
        weight,
        validation,
        InvalidRows.ERROR,
        0,
        0);
  }

  /**
   * Checks the columns.
   *
   * @param inputShape channels, height and width of images; empty without images
   * @throws IllegalArgumentException if one is missing or has the wrong type, or the label is among
   *     the features
   */
  public static TrainingColumns of(
      StructType schema,
      String featuresCol,
      List<String> featuresCols,
      int[] inputShape,
      String label,
      @Nullable String weight,
      @Nullable String validation,
      InvalidRows invalid,
      double validationFraction,
      long fewestToHold) {
    FeatureLayout features = FeatureLayout.of(schema, featuresCol, featuresCols, inputShape);
    LabelForm form = Columns.labelForm(schema, label);
    StructField labelField =
        form == LabelForm.CLASS
            ? Columns.requireNumeric(schema, label, "labelCol")
            : Columns.require(schema, label, "labelCol");
    features.requireWithout(labelField.name(), schema);
    List<StructField> numeric = new ArrayList<>(List.of(labelField));
    if (weight != null) {
      numeric.add(Columns.requireNumeric(schema, weight, "weightCol"));
    }
    String weightName = weight == null ? null : numeric.get(1).name();
    String validationName =
        validation == null
            ? null
            : Columns.requireBoolean(schema, validation, "validationIndicatorCol").name();
    return new TrainingColumns(
        features,
        labelField.name(),
        form,
        weightName,
        validationName,
        numeric.stream()
            .map(field -> field.dataType())
            .map(type -> NumberKind.takes(type) ? NumberKind.of(type) : NumberKind.DOUBLE)
            .toList(),
        invalid,
        validationName == null ? validationFraction : 0,
        fewestToHold,
        Columns.declaredClasses(labelField),
        Columns.classNames(labelField));
  }

  /**
   * Requires as many labels of a row as others have.
   *
   * @throws IllegalArgumentException if it has not
   */
  public void requireTargets(int count, int expected) {
    new LabelCheck(label, weight).requireTargets(count, expected);
  }

  /** Whether a row has several labels. */
  public boolean isMultilabel() {
    return labelForm.isMultilabel();
  }

  /** The same with other treatment of missing features. */
  public TrainingColumns with(InvalidRows other) {
    return new TrainingColumns(
        features,
        label,
        labelForm,
        weight,
        validation,
        numbers,
        other,
        validationFraction,
        fewestToHold,
        declaredClasses,
        classNames);
  }

  /**
   * A name for each of so many classes, if there are names at all; a class that the metadata does
   * not name is {@code __class_} and its number.
   */
  public List<String> classNames(int classes) {
    List<String> names = new ArrayList<>(classNames);
    while (!names.isEmpty() && names.size() < classes) {
      names.add("__class_" + names.size());
    }
    return names;
  }

  /**
   * Label, weight if there is one, validation if there is one, features: what {@link RowReader}
   * reads. Columns are taken as they lie there wherever possible.
   */
  public Dataset<Row> rows(Dataset<?> dataset) {
    List<Column> columns = new ArrayList<>();
    columns.add(
        switch (labelForm) {
          case CLASS -> numbers.get(0).expression(Columns.named(label));
          case ARRAY -> Columns.named(label).cast(DataTypes.createArrayType(DataTypes.DoubleType));
          case VECTOR -> Columns.named(label);
        });
    if (weight != null) {
      columns.add(numbers.get(1).expression(Columns.named(weight)));
    }
    if (validation != null) {
      columns.add(Columns.named(validation));
    }
    columns.addAll(List.of(features.expressions()));
    return dataset.toDF().select(columns.toArray(Column[]::new));
  }
}
