package io.sparkfocal.data;

import java.io.Serializable;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * In which columns the features are, and how they are stored there.
 *
 * @param kind how they are stored
 * @param columns one column, or for {@link Kind#COLUMNS} one per feature
 */
public record FeatureLayout(Kind kind, List<String> columns) implements Serializable {

  /** How features are stored. */
  public enum Kind {
    /** A Spark ML vector, dense or sparse. */
    VECTOR,
    /** An array of floats. */
    FLOAT_ARRAY,
    /** An array of another numeric type, read as doubles. */
    DOUBLE_ARRAY,
    /** Several numeric columns. */
    COLUMNS
  }

  /**
   * The layout that a schema has.
   *
   * @param featuresCol the column of a vector or an array; not looked at if {@code featuresCols}
   *     has any
   * @param featuresCols numeric columns, one per feature; may be empty
   * @throws IllegalArgumentException if a column is missing or of a type that cannot be features
   */
  public static FeatureLayout of(StructType schema, String featuresCol, List<String> featuresCols) {
    if (!featuresCols.isEmpty()) {
      Set<String> seen = new LinkedHashSet<>();
      for (String name : featuresCols) {
        if (!seen.add(Columns.requireNumeric(schema, name, "featuresCols").name())) {
          throw new IllegalArgumentException(
              "featuresCols has the column \"%s\" twice; name each feature once.".formatted(name));
        }
      }
      return new FeatureLayout(Kind.COLUMNS, List.copyOf(seen));
    }
    StructField field = Columns.require(schema, featuresCol, "featuresCol");
    List<String> column = List.of(field.name());
    DataType type = field.dataType();
    if (type instanceof VectorUDT) {
      return new FeatureLayout(Kind.VECTOR, column);
    }
    if (type instanceof ArrayType array && array.elementType() instanceof NumericType) {
      boolean floats = array.elementType().equals(DataTypes.FloatType);
      return new FeatureLayout(floats ? Kind.FLOAT_ARRAY : Kind.DOUBLE_ARRAY, column);
    }
    if (type instanceof org.apache.spark.mllib.linalg.VectorUDT) {
      throw new IllegalArgumentException(
          "Column \"%s\" has vectors of org.apache.spark.mllib.linalg, but features must be vectors of org.apache.spark.ml.linalg; convert it with MLUtils.convertVectorColumnsToML(dataset, \"%1$s\") first."
              .formatted(field.name()));
    }
    boolean booleans = type instanceof ArrayType of && of.elementType() instanceof BooleanType;
    throw new IllegalArgumentException(
        "Column \"%s\" has type %s; features must be a vector, an array of numbers, or several numeric columns named by featuresCols%s."
            .formatted(
                field.name(),
                type.simpleString(),
                booleans ? ", so cast it to array<int> first" : ""));
  }

  /**
   * Requires that the label is none of the features: not one of the columns, nor an attribute of
   * the vector's metadata, where VectorAssembler writes the names of its input columns.
   *
   * @throws IllegalArgumentException if it is
   */
  void requireWithout(String label, StructType schema) {
    if (columns.contains(label)) {
      throw new IllegalArgumentException(
          "Column \"%s\" is the label and among featuresCols too; leave it out there."
              .formatted(label));
    }
    if (kind == Kind.VECTOR && Columns.vectorHas(schema, columns.get(0), label)) {
      throw new IllegalArgumentException(
          "Column \"%s\" has the label \"%s\" among its features, as its metadata tells; leave it out of VectorAssembler, or rename the label if that feature is another column of the same name."
              .formatted(columns.get(0), label));
    }
  }

  /** The expressions that bring the features into the form that {@link RowReader} reads. */
  public Column[] expressions() {
    return columns.stream().map(this::expression).toArray(Column[]::new);
  }

  private Column expression(String name) {
    Column column = Columns.named(name);
    return switch (kind) {
      case VECTOR, FLOAT_ARRAY -> column;
      case DOUBLE_ARRAY -> column.cast(DataTypes.createArrayType(DataTypes.DoubleType));
      case COLUMNS -> column.cast(DataTypes.DoubleType);
    };
  }

  /** How many features a row has, as far as the schema tells; -1 if it does not. */
  public int declaredWidth(StructType schema) {
    return switch (kind) {
      case COLUMNS -> columns.size();
      case VECTOR -> Columns.vectorSize(schema, columns.get(0));
      case FLOAT_ARRAY, DOUBLE_ARRAY -> -1;
    };
  }

  /**
   * Requires that there are features, and that a row of so many can be held.
   *
   * @throws IllegalArgumentException if not
   */
  public void requireReadable(int width) {
    if (width == 0) {
      throw new BadRowException(describe() + " has an empty row; every row needs features.");
    }
    BatchMemory.requireRow(width);
  }

  /**
   * Requires as many features as other rows have.
   *
   * @throws IllegalArgumentException if there are not
   */
  public void requireWidth(int width, int expected) {
    new FeatureValues(this, expected).size(width);
  }

  /** The column, or columns, as a message names them. */
  public String describe() {
    return columns.size() == 1
        ? "Column \"" + columns.get(0) + "\""
        : "Columns \"" + columns.get(0) + "\" to \"" + columns.get(columns.size() - 1) + "\"";
  }
}
