package io.sparkfocal.data;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.attribute.BinaryAttribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.ArrayType;
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
   * Whether two names are of the same column, by {@code spark.sql.caseSensitive} of the session, as
   * Spark ML's own stages take them.
   */
  public static boolean isSame(String one, String other) {
    return SQLConf.get().caseSensitiveAnalysis() ? one.equals(other) : one.equalsIgnoreCase(other);
  }

  /**
   * The field of that name: exactly, or without backticks around it, or by another case where the
   * session's SQL does not tell them apart.
   *
   * @param param the parameter that names it, for the message
   * @throws IllegalArgumentException if there is none
   */
  public static StructField require(StructType schema, String name, String param) {
    boolean quoted = name.length() > 2 && name.startsWith("`") && name.endsWith("`");
    String plain = quoted ? name.substring(1, name.length() - 1) : name;
    for (String wanted : List.of(name, plain)) {
      for (StructField field : schema.fields()) {
        if (field.name().equals(wanted)) {
          return field;
        }
      }
    }
    for (StructField field : schema.fields()) {
      if (isSame(field.name(), plain)) {
        return field;
      }
    }
    throw new IllegalArgumentException(
        "Column \"%s\" (%s) does not exist%s; the columns are %s."
            .formatted(name, param, hint(schema, plain), String.join(", ", schema.fieldNames())));
  }

  /** What may have been meant; empty if nothing is near. */
  private static String hint(StructType schema, String name) {
    for (StructField field : schema.fields()) {
      if (field.name().equalsIgnoreCase(name)) {
        return ", but \"%s\" does, and spark.sql.caseSensitive is true".formatted(field.name());
      }
      if (field.dataType() instanceof StructType && name.startsWith(field.name() + ".")) {
        return ", and fields of \"%s\" are read only where they are columns of their own, as by withColumn(\"x\", col(\"%s\"))"
            .formatted(field.name(), name);
      }
    }
    return "";
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
    String remedy = ".";
    if (type.equals(DataTypes.StringType) && param.equals("labelCol")) {
      remedy = "; index it with StringIndexer first.";
    } else if (type instanceof BooleanType) {
      remedy = "; cast it to int first.";
    }
    return new IllegalArgumentException(
        "Column \"%s\" (%s) has type %s, but must be %s%s"
            .formatted(field.name(), param, type.simpleString(), expected, remedy));
  }

  /**
   * How the label lies in its column.
   *
   * @throws IllegalArgumentException if there is no such column
   */
  static LabelForm labelForm(StructType schema, String name) {
    DataType type = require(schema, name, "labelCol").dataType();
    if (type instanceof VectorUDT) {
      return LabelForm.VECTOR;
    }
    return type instanceof ArrayType array && array.elementType() instanceof NumericType
        ? LabelForm.ARRAY
        : LabelForm.CLASS;
  }

  /** The names of all attributes; none if one has none. */
  private static List<String> labelNames(AttributeGroup group) {
    List<String> names = new ArrayList<>();
    if (group.attributes().isDefined()) {
      for (Attribute attribute : group.attributes().get()) {
        if (attribute.name().isDefined()) {
          names.add(attribute.name().get());
        }
      }
    }
    return names.size() == group.size() ? names : List.of();
  }

  /** The size that a vector column's metadata declares, or -1. */
  static int vectorSize(StructType schema, String name) {
    return AttributeGroup.fromStructField(require(schema, name, "featuresCol")).size();
  }

  /**
   * Names of the features of a vector column: those of its metadata, else of the column with the
   * place behind it; none if the metadata does not tell how many there are.
   */
  static List<String> vectorNames(StructType schema, String name) {
    AttributeGroup group = AttributeGroup.fromStructField(require(schema, name, "featuresCol"));
    List<String> names = new ArrayList<>();
    for (int i = 0; i < group.size(); i++) {
      Attribute attribute = group.attributes().isDefined() ? group.getAttr(i) : null;
      names.add(
          attribute != null && attribute.name().isDefined()
              ? attribute.name().get()
              : name + "_" + i);
    }
    return names;
  }

  /** Whether a vector column's metadata names an attribute so. */
  static boolean vectorHas(StructType schema, String name, String attribute) {
    return AttributeGroup.fromStructField(require(schema, name, "featuresCol")).hasAttr(attribute);
  }

  /**
   * How many classes a label column's metadata declares, with or without names, or how many labels
   * that of a vector; 0 if it does not.
   */
  static int declaredClasses(StructField label) {
    if (label.dataType() instanceof VectorUDT) {
      return Math.max(0, AttributeGroup.fromStructField(label).size());
    }
    if (!(label.dataType() instanceof NumericType)) {
      return 0;
    }
    Attribute attribute = Attribute.fromStructField(label);
    if (attribute instanceof BinaryAttribute) {
      return 2;
    }
    return attribute instanceof NominalAttribute nominal && nominal.getNumValues().isDefined()
        ? (int) nominal.getNumValues().get()
        : 0;
  }

  /** The class names that a label column's metadata declares, in the order of the labels. */
  public static List<String> classNames(StructField label) {
    if (label.dataType() instanceof VectorUDT) {
      return labelNames(AttributeGroup.fromStructField(label));
    }
    if (!(label.dataType() instanceof NumericType)) {
      return List.of();
    }
    Attribute attribute = Attribute.fromStructField(label);
    List<String> names = new ArrayList<>();
    if (attribute instanceof NominalAttribute nominal && nominal.values().isDefined()) {
      names.addAll(List.of(nominal.values().get()));
    }
    if (attribute instanceof BinaryAttribute binary && binary.values().isDefined()) {
      names.addAll(List.of(binary.values().get()));
    }
    return names;
  }
}
