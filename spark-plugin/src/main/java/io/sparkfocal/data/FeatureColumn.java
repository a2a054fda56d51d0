package io.sparkfocal.data;

import io.sparkfocal.network.ImageShape;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.attribute.AttributeType;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * A column of features among others.
 *
 * @param name of the column
 * @param form how its values lie in a row
 * @param number how a number lies there; {@link NumberKind#DOUBLE} for other forms
 * @param nominal which of its features are categories, as their metadata tells, in ascending order
 * @param images what the images of the column become; null for other forms
 */
public record FeatureColumn(
    String name, Form form, NumberKind number, List<Integer> nominal, @Nullable ImageDecoder images)
    implements Serializable {

  /** How values lie in a row. */
  public enum Form {
    /** One number, boolean, date or time. */
    NUMBER,
    /** One text, which is a category. */
    TEXT,
    /** A Spark ML vector: as many features as it has values. */
    VECTOR,
    /** An array of numbers: as many features as it has elements. */
    ARRAY,
    /** The bytes of an image file, or what Spark's image source makes of one. */
    IMAGE
  }

  /**
   * The column that a field describes.
   *
   * @throws IllegalArgumentException if its type cannot be features
   */
  static FeatureColumn of(StructField field) {
    DataType type = field.dataType();
    if (ImageDecoder.takes(type)) {
      throw new IllegalArgumentException(
          "Column \"%s\" (featuresCols) has type %s, which is for images, but these cannot be mixed with other columns; name it alone, by featuresCol."
              .formatted(field.name(), type.simpleString()));
    }
    if (type instanceof StringType) {
      return new FeatureColumn(field.name(), Form.TEXT, NumberKind.DOUBLE, List.of(), null);
    }
    if (NumberKind.takes(type)) {
      boolean isNominal =
          type instanceof NumericType
              && Attribute.fromStructField(field).attrType().equals(AttributeType.Nominal());
      return new FeatureColumn(
          field.name(), Form.NUMBER, NumberKind.of(type), isNominal ? List.of(0) : List.of(), null);
    }
    if (type instanceof VectorUDT) {
      return new FeatureColumn(field.name(), Form.VECTOR, NumberKind.DOUBLE, nominal(field), null);
    }
    if (type instanceof ArrayType array && array.elementType() instanceof NumericType) {
      return new FeatureColumn(field.name(), Form.ARRAY, NumberKind.DOUBLE, List.of(), null);
    }
    throw new IllegalArgumentException(
        "Column \"%s\" (featuresCols) has type %s, but must be a number, boolean, text, date, timestamp, vector or array of numbers."
            .formatted(field.name(), type.simpleString()));
  }

  /** A column of images, which are brought into that shape: channels, height and width. */
  static FeatureColumn ofImages(StructField field, int... inputShape) {
    if (inputShape.length == 0) {
      throw new IllegalArgumentException(
          "Column \"%s\" has images, and inputShape says nothing of their size; set inputShape to channels, height and width, as 3, 64, 64."
              .formatted(field.name()));
    }
    return new FeatureColumn(
        field.name(),
        Form.IMAGE,
        NumberKind.DOUBLE,
        List.of(),
        new ImageDecoder(ImageShape.of(inputShape), field.dataType() instanceof StructType));
  }

  /** How many features a row has in it, as far as that is known without rows; else -1. */
  int declared() {
    return isOne() ? 1 : images != null ? images.shape().size() : -1;
  }

  /** As the plans of checkpoints have it, also those of before there were images. */
  @Override
  public String toString() {
    return "FeatureColumn[name=%s, form=%s, number=%s, nominal=%s%s]"
        .formatted(name, form, number, nominal, images == null ? "" : ", images=" + images);
  }

  /** Those attributes of a vector that are nominal. */
  static List<Integer> nominal(StructField vector) {
    AttributeGroup group = AttributeGroup.fromStructField(vector);
    List<Integer> found = new ArrayList<>();
    if (group.attributes().isDefined()) {
      Attribute[] attributes = group.attributes().get();
      for (int i = 0; i < attributes.length; i++) {
        if (attributes[i].attrType().equals(AttributeType.Nominal())) {
          found.add(i);
        }
      }
    }
    return found;
  }

  /** What its features are, as a model tells it: number, boolean, date, timestamp or text. */
  public String type() {
    return switch (form) {
      case TEXT -> "text";
      case VECTOR, ARRAY, IMAGE -> "number";
      case NUMBER ->
          switch (number) {
            case BOOLEAN -> "boolean";
            case DATE -> "date";
            case TIMESTAMP -> "timestamp";
            default -> "number";
          };
    };
  }

  /** Whether a number may be NaN. */
  public boolean isFloating() {
    return form == Form.NUMBER && (number == NumberKind.FLOAT || number == NumberKind.DOUBLE);
  }

  /** Whether a row has one feature in it, whatever it is. */
  boolean isOne() {
    return form == Form.NUMBER || form == Form.TEXT;
  }
}
