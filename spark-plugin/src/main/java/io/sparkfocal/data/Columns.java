package io.sparkfocal.data;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Checks of columns against what a parameter needs, and what their metadata says. */
public final class Columns {

  private Columns() {}

  /** The column of exactly that name, dots and all. */
  public static Column named(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  /**
   * The field of that name.
   *
   * @param param the parameter that names it, for the message
   * @throws IllegalArgumentException if there is none
   */
  public static StructField require(StructType schema, String name, String param) {
    for (StructField field : schema.fields()) {
      if (field.name().equals(name)) {
        return field;
      }
    }
    throw new IllegalArgumentException(
        "Column \"%s\" (%s) does not exist; the columns are %s."
            .formatted(name, param, String.join(", ", schema.fieldNames())));
  }

  /** As above, and numeric. */
  public static StructField requireNumeric(StructType schema, String name, String param) {
    StructField field = require(schema, name, param);
    if (!(field.dataType() instanceof NumericType)) {
      throw wrongType(field, param, "a number");
    }
    return field;
  }

  /** As above, but boolean. */
  public static StructField requireBoolean(StructType schema, String name, String param) {
    StructField field = require(schema, name, param);
    if (!(field.dataType() instanceof BooleanType)) {
      throw wrongType(field, param, "boolean");
    }
    return field;
  }

  private static IllegalArgumentException wrongType(
      StructField field, String param, String expected) {
    DataType type = field.dataType();
    String remedy =
        type.equals(DataTypes.StringType) && param.equals("labelCol")
            ? "; index it with StringIndexer first."
            : ".";
    return new IllegalArgumentException(
        "Column \"%s\" (%s) has type %s, but must be %s%s"
            .formatted(field.name(), param, type.simpleString(), expected, remedy));
  }

  /** The size that a vector column's metadata declares, or -1. */
  static int vectorSize(StructType schema, String name) {
    return AttributeGroup.fromStructField(require(schema, name, "featuresCol")).size();
  }

  /** The class names that a label column's metadata declares, in the order of the labels. */
  public static List<String> classNames(StructField label) {
    Attribute attribute = Attribute.fromStructField(label);
    List<String> names = new ArrayList<>();
    if (attribute instanceof NominalAttribute nominal && nominal.values().isDefined()) {
      names.addAll(List.of(nominal.values().get()));
    }
    return names;
  }
}
